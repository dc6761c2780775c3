// A certified OpenID Connect provider (npm `oidc-provider`) with one citizen, for tests/integration/test_oidc_provider.py.
// It reads its settings as JSON from standard input: {module, issuer, port, jwks, client, cancel}. It says "ready" once
// it listens, and ends when its standard input does.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin });
const settings = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const { default: Provider } = await import(settings.module);

const SUBSTANTIAL = "https://data.gov.dk/concept/core/nsis/Substantial";

const provider = new Provider(settings.issuer, {
  clients: [settings.client],
  jwks: settings.jwks,
  cookies: { keys: ["for tests alone"] },
  claims: { openid: ["sub", "loa"], profile: ["name", "birthdate"] },
  conformIdTokenClaims: true,
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: (use) => ({ sub: id, loa: SUBSTANTIAL, name: "Maja Testesen", birthdate: "2010-03-05" }),
  }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: settings.requirePushed },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  pkce: { required: () => true },
  // Its own dispatcher refuses addresses of this machine, and the tests' service is at one.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  clientBasedCORS: () => false,
  ttl: { Session: 3600, Interaction: 600, Grant: 3600, IdToken: 300, AccessToken: 300, AuthorizationCode: 60 },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const { prompt, params } = await provider.interactionDetails(ctx.req, ctx.res);
  let result;
  if (params.login_hint === "cancel") {
    result = { error: "access_denied", error_description: "user_aborted" };
  } else if (prompt.name === "login") {
    result = { login: { accountId: "maja", acr: SUBSTANTIAL } };
  } else {
    const grant = new provider.Grant({ accountId: "maja", clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
});

const server = provider.listen(settings.port, "127.0.0.1", () => console.log("ready"));
lines.on("close", () => {
  server.close();
  process.exit(0);
});

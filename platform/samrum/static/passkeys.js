/* Passkeys: asks the browser for one and hands its answer to an ordinary form. Without this file people type codes. */
(function () {
  "use strict";

  function bytes(text) {
    var plain = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }

  function text(buffer) {
    var plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return window.btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function unpacked(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: bytes(one.id) }); });
  }

  /* What the server writes as JSON, as the browser wants it. */
  function prepared(options) {
    options.challenge = bytes(options.challenge);
    if (options.user) {
      options.user.id = bytes(options.user.id);
    }
    options.allowCredentials = unpacked(options.allowCredentials);
    options.excludeCredentials = unpacked(options.excludeCredentials);
    return options;
  }

  function packed(credential) {
    var response = {};
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (credential.response[name]) {
        response[name] = text(credential.response[name]);
      }
    });
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: response });
  }

  function complain(box, message) {
    var alert = document.createElement("div");
    var line = document.createElement("p");
    alert.className = "alert alert-error";
    line.className = "alert-text";
    line.textContent = message;
    alert.appendChild(line);
    box.querySelector("[data-passkey-alert]").replaceChildren(alert);
  }

  function ask(box, form) {
    var token = form.querySelector("[name=once]").value;
    return window.fetch(box.dataset.options, {
      method: "POST",
      body: new URLSearchParams({ once: token }),
      credentials: "same-origin",
      headers: { Accept: "application/json" }
    }).then(function (answer) {
      var type = answer.headers.get("Content-Type") || "";
      if (!answer.ok || type.indexOf("application/json") !== 0) {
        /* The login has ended, or wants a fresh code first: the page itself says which. */
        window.location.reload();
        return new Promise(function () {});
      }
      return answer.json();
    }).then(function (options) {
      var wanted = { publicKey: prepared(options) };
      return box.dataset.passkey === "create"
        ? navigator.credentials.create(wanted)
        : navigator.credentials.get(wanted);
    });
  }

  function start(box) {
    var form = box.querySelector("form");
    var button = box.querySelector("[data-passkey-button]");
    var busy = false;

    function go(event) {
      event.preventDefault();
      if (busy) {
        return;
      }
      var empty = Array.prototype.find.call(form.querySelectorAll("[data-passkey-needed]"), function (input) {
        return !input.value.trim();
      });
      if (empty) {
        complain(box, empty.dataset.passkeyNeeded);
        empty.focus();
        return;
      }
      busy = true;
      button.setAttribute("aria-busy", "true");
      box.querySelector("[data-passkey-alert]").replaceChildren();
      ask(box, form).then(function (credential) {
        form.querySelector("[name=answer]").value = packed(credential);
        form.removeEventListener("submit", go);
        form.requestSubmit();
      }).catch(function (error) {
        busy = false;
        button.removeAttribute("aria-busy");
        complain(box, error && error.name === "InvalidStateError" ? box.dataset.known : box.dataset.cancelled);
        button.focus();
      });
    }

    button.addEventListener("click", go);
    form.addEventListener("submit", go);
    box.hidden = false;
  }

  var able = window.PublicKeyCredential && navigator.credentials && window.fetch && window.URLSearchParams;
  document.querySelectorAll("[data-passkey]").forEach(function (box) {
    if (able) {
      start(box);
    }
  });
  document.querySelectorAll("[data-passkey-missing]").forEach(function (note) {
    note.hidden = Boolean(able);
  });
})();

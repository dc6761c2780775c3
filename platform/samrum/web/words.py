"""The words for what the services speak of in codes: tools, levels, reasons, problems."""

from flask_babel import lazy_gettext as _l

KINDS = {
    "goal_plan": _l("Mål- og aftaleskema"),
    "consent_form": _l("Samtykkeerklæring"),
    "network_map": _l("Netværkskort"),
    "network_overview": _l("Netværksoverblik"),
    "support_overview": _l("Indsatsoverblik"),
    "dialogue_form": _l("Dialogskema"),
    "meeting_checklist": _l("Mødetjekliste"),
    "meeting_note": _l("Mødeindkaldelse og referat"),
    "action_plan": _l("Handleplan, jobplan eller ungeplan"),
    "other": _l("Andet"),
}

LEVELS = {
    "none": _l("Ingen adgang"),
    "read": _l("Må læse"),
    "write": _l("Må læse og skrive"),
}

PLACEMENTS = {
    "home": _l("Bor hjemme"),
    "foster_family": _l("Plejefamilie"),
    "residential_home": _l("Opholdssted eller døgninstitution"),
    "own_lodging": _l("Eget værelse eller egen bolig"),
    "boarding_school": _l("Efterskole eller kostskole"),
    "other": _l("Andet"),
}

CONSENT_KINDS = {
    "education": _l("Skole og uddannelse"),
    "work": _l("Job og praktik"),
    "housing": _l("Bolig"),
    "family": _l("Familie og netværk"),
    "health": _l("Helbred og trivsel"),
    "leisure": _l("Fritid"),
    "economy": _l("Økonomi"),
    "support": _l("Hjælp og støtte"),
}

REASONS = {
    "not_attached": _l("Det her kan du ikke gøre i rummet. Spørg rummets ejer, hvis du er i tvivl."),
    "no_grant": _l("Det er kun rummets ejer, der kan gøre det her. Spørg ejeren, hvis noget skal ændres."),
    "grant_read_only": _l(
        "Du må læse filerne, men ikke lægge noget op. Spørg rummets ejer, hvis du skal kunne skrive."
    ),
    "grant_expired": _l("Din adgang til rummet er udløbet. Spørg rummets ejer, hvis du stadig skal kunne se filerne."),
    "youth_consent_missing": _l(
        "Du kan ikke se filerne, fordi der mangler et samtykke fra den unge: Det er ikke givet, eller det er trukket"
        " tilbage eller udløbet."
    ),
    "custody_holder_missing": _l(
        "Du kan ikke se filerne, fordi der ikke er registreret en forældremyndighedsindehaver, og den unge er under 18."
    ),
    "custody_consent_missing": _l(
        "Du kan ikke se filerne, fordi der mangler samtykke fra en forældremyndighedsindehaver."
    ),
    "youth_access_off": _l("Du kan ikke se filerne lige nu. Tal med den, der ejer rummet, om hvorfor."),
    "youth_read_only": _l("Du kan læse filerne, men ikke lægge noget op lige nu. Tal med den, der ejer rummet."),
    "parent_access_off": _l("Der er ikke åbnet for, at forældre kan se filerne i dette rum."),
    "parent_read_only": _l("Du må læse filerne, men ikke lægge noget op."),
    "youth_is_adult": _l("Den unge er fyldt 18."),
    "case_closed": _l(
        "Rummet er lukket. Kun den unge og rummets ejer kan læse i det, og intet kan ændres, før ejeren åbner det igen."
    ),
    "account_inactive": _l("Din konto er lukket. Tal med din administrator."),
}

PROBLEMS = {
    "case_exists": _l("Din organisation har allerede et rum for denne unge. Spørg din leder, hvem der ejer det."),
    "not_case_creator": _l("Den, der skal overtage rummet, skal være sagsopretter i samme organisation."),
    "unknown_staff": _l("Der er ingen aktiv bruger med den e-mail. Tjek stavningen, eller bed jeres administrator."),
    "grant_to_owner": _l("Den bruger ejer rummet og har allerede adgang."),
    "grant_to_administrator": _l("En administrator eller revisor kan ikke få adgang til filer. Vælg en anden bruger."),
    "last_day_passed": _l("Den sidste dag er allerede gået. Vælg i dag eller en senere dag."),
    "consent_ends_first": _l("Samtykket slutter, før det begynder. Vælg en senere slutdato."),
    "consent_nobody_named": _l("Vælg mindst én, som samtykket skal gælde for."),
    "consent_unknown_unit": _l("En af de valgte er ikke længere med i rummet. Se listen igennem, og prøv igen."),
    "consent_too_long": _l("Et samtykke kan højst gælde i to år ad gangen. Vælg en tidligere slutdato."),
    "person_in_two_roles": _l("CPR-nummeret er den unges eget. Skriv forælderens CPR-nummer."),
    "youth_age": _l("CPR-nummeret passer ikke på en ung mellem 10 og 30 år. Tjek nummeret."),
    "parent_cpr_twice": _l("Den person er allerede registreret som forælder her."),
    "email_taken": _l("Der findes allerede en bruger med den e-mail."),
    "name_missing": _l("Skriv et navn."),
    "own_account": _l("Det er din egen konto. Bed en anden administrator om at gøre det."),
    "account_closed": _l("Kontoen er lukket, så det kan ikke lade sig gøre."),
    "account_open": _l("Kontoen er åben i forvejen."),
    "still_owns": _l(
        "Kontoen ejer stadig rum. Giv dem videre til en anden først. Du finder dem på huskelisten."
    ),
    "roles_clash": _l("En administrator eller revisor kan ikke oprette rum. Vælg kun det ene."),
    "unit_missing": _l("Vælg en enhed, eller skriv navnet på en ny."),
    "unit_same": _l("Brugeren er allerede i den enhed. Vælg en anden."),
    "no_ownerless_case": _l(
        "Der er ikke noget rum med det nummer, som du kan give videre. Tjek nummeret, og om ejerens konto er lukket."
    ),
    "last_passkey": _l(
        "Det er den eneste adgangsnøgle, du kan logge ind med. Lav en ny først, så kan du fjerne den her."
    ),
    "passkey_needed_first": _l("Lav selv en adgangsnøgle først, og log ind med den, så du ikke selv lukkes ude."),
    "passkeys_impossible": _l("Adressen på Samrum er sådan, at adgangsnøgler ikke virker her. Spørg jeres leverandør."),
    "file_empty": _l("Filen er tom. Åbn den, gem den igen, og prøv en gang til."),
    "file_name_empty": _l("Filen har ikke noget navn. Giv den et navn, og prøv igen."),
    "file_name_too_long": _l("Filens navn er for langt. Giv den et kortere navn på højst 200 tegn, og prøv igen."),
    "file_name_unsafe": _l("Filens navn har tegn, der ikke kan bruges. Giv den et navn kun med bogstaver og tal."),
    "file_too_large": _l("Filen er for stor. Gør den mindre, eller del den i flere."),
    "file_type_unknown": _l("Den slags fil kan ikke lægges op. Gem den som PDF, Word (.docx), billede eller tekst."),
    "file_type_mismatch": _l("Filen er noget andet, end navnet siger. Åbn den, gem den igen i den rigtige type."),
    "file_has_macros": _l("Filen indeholder makroer og kan ikke lægges op. Gem den uden makroer, og prøv igen."),
    "file_missing": _l("Vælg en fil først."),
    "upload_cut_short": _l("Filen nåede ikke helt frem. Prøv igen."),
    "version_is_newest": _l("Den version er allerede den nyeste."),
    "no_files": _l("Der er ingen filer at hente i rummet."),
}  # fmt: skip

LOGIN_PROBLEMS = {
    "wrong": _l("E-mail eller adgangskode passer ikke. Prøv igen."),
    "wrong_password": _l("Det er ikke din adgangskode. Prøv igen."),
    "login_ended": _l("Der gik for lang tid. Begynd forfra med e-mail og adgangskode."),
    "wrong_code": _l("Koden passer ikke. Vent på den næste kode i din app, og skriv den."),
    "wrong_recovery_code": _l("Nødkoden passer ikke. Tjek, at du ikke har brugt den før."),
    "wrong_passkey": _l("Adgangsnøglen kunne ikke bruges. Prøv igen, eller log ind med adgangskode og kode."),
    "passkey_demanded": _l("Din arbejdsplads kræver en adgangsnøgle. En kode fra en app er ikke nok længere."),
    "too_many": _l("Der har været for mange forsøg. Vent et kvarter, og prøv igen."),
    "wrong_invitation": _l("Koden passer ikke eller er udløbet. Bed din administrator om en ny."),
    "unknown_citizen": _l(
        "Du er logget ind med MitID, men du er ikke med i noget rum. Spørg den person i kommunen, du taler med."
    ),
    "other_person": _l("Dit MitID passer ikke med det, vi har registreret. Tal med den person i kommunen, du kender."),
    "consent_by_other": _l("Det var en anden, der loggede ind med MitID. Derfor er samtykket ikke givet."),
    "other_browser": _l("Login blev begyndt i en anden browser. Begynd forfra her."),
    "account_inactive": _l("Din konto er lukket. Tal med den person i kommunen, du kender."),
}

PASSWORD_PROBLEMS = {
    "too_short": _l("Adgangskoden er for kort. Den skal have mindst 8 tegn. 15 eller flere er bedre."),
    "too_long": _l("Adgangskoden er for lang. Den må højst have 128 tegn."),
    "common": _l("Den adgangskode bruger mange andre. Vælg en anden, for eksempel fire tilfældige ord."),
    "guessable": _l("Adgangskoden er for nem at gætte. Gør den længere, for eksempel med fire tilfældige ord."),
}

ROLES = {
    "case_creator": _l("Oprette og eje rum"),
    "administrator": _l("Administrere brugere"),
    "auditor": _l("Læse loggen som revisor"),
}

IDENTITIES = {
    "in_person": _l("Vi mødtes, og jeg så pas, kørekort eller andet billed-id"),
    "video": _l("Vi talte sammen på video, og jeg så billed-id"),
    "leader": _l("Brugerens leder, som jeg selv kontaktede, står inde for det"),
}

HAND_OVER_REASONS = {
    "left": _l("Ejeren er stoppet"),
    "moved": _l("Ejeren har fået andet arbejde her"),
    "leave": _l("Ejeren er på orlov eller syg"),
    "other": _l("Andet"),
}

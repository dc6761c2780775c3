"""The words for what stands in the audit log."""

from flask_babel import lazy_gettext as _l

EVENTS = {
    "case_created": _l("Rum oprettet"),
    "case_changed": _l("Stamoplysninger rettet"),
    "case_viewed": _l("Rum åbnet"),
    "case_closed": _l("Rum lukket"),
    "case_reopened": _l("Rum åbnet igen"),
    "case_handed_over": _l("Rum givet videre"),
    "log_viewed": _l("Rummets log set"),
    "log_searched": _l("Revisor søgte i loggen"),
    "log_exported": _l("Log taget ud"),
    "row_reviewed": _l("Stikprøve efterset"),
    "log_shortened": _l("Gamle rækker fjernet"),
    "levels_set": _l("Den unges og forældrenes adgang ændret"),
    "parent_added": _l("Forælder tilføjet"),
    "parent_changed": _l("Forælder ændret eller fjernet"),
    "grant_set": _l("Adgang givet"),
    "grant_revoked": _l("Adgang fjernet"),
    "consent_given": _l("Samtykke givet"),
    "consent_withdrawn": _l("Samtykke trukket tilbage"),
    "consent_ran_out": _l("Samtykke udløbet"),
    "receipt_fetched": _l("Kvittering for samtykke hentet"),
    "document_viewed": _l("Fils versioner set"),
    "version_uploaded": _l("Fil lagt op"),
    "version_downloaded": _l("Fil hentet"),
    "denied": _l("Adgang nægtet"),
    "logged_in": _l("Login"),
    "login_failed": _l("Login mislykkedes"),
    "logged_out": _l("Logget ud"),
    "citizen_linked": _l("MitID knyttet til borger"),
    "second_factor_set": _l("To-trins-login sat op"),
    "second_factor_reset": _l("To-trins-login nulstillet"),
    "second_factor_changed": _l("To-trins-login ændret"),
    "stepped_up": _l("To-trins-login gentaget"),
    "passkey_added": _l("Adgangsnøgle tilføjet"),
    "passkey_revoked": _l("Adgangsnøgle fjernet"),
    "recovery_codes_made": _l("Nødkoder lavet"),
    "recovery_code_used": _l("Nødkode brugt"),
    "password_reset_asked": _l("Ny adgangskode bestilt"),
    "password_set": _l("Adgangskode valgt"),
    "staff_invited": _l("Bruger inviteret"),
    "staff_created": _l("Bruger oprettet"),
    "staff_deactivated": _l("Bruger lukket"),
    "kek_added": _l("Nøgle tilføjet"),
    "kek_removed": _l("Nøgle fjernet"),
    "case_keys_rewrapped": _l("Rummenes nøgler skiftet"),
    "case_key_destroyed": _l("Rums nøgle ødelagt"),
    "organisation_changed": _l("Organisationens valg ændret"),
}

REASONS = {
    "owner": _l("Ejer rummet"),
    "granted": _l("Har fået adgang"),
    "own_file": _l("Den unge selv"),
    "parent_of_minor": _l("Forælder til en under 18"),
    "not_attached": _l("Ikke med i rummet"),
    "no_grant": _l("Har ikke adgang"),
    "grant_read_only": _l("Må kun læse"),
    "grant_expired": _l("Adgangen var udløbet"),
    "youth_consent_missing": _l("Den unges samtykke manglede"),
    "custody_holder_missing": _l("Ingen med forældremyndighed registreret"),
    "custody_consent_missing": _l("Samtykke fra en med forældremyndighed manglede"),
    "youth_access_off": _l("Ikke åbnet for den unge"),
    "youth_read_only": _l("Den unge må kun læse"),
    "parent_access_off": _l("Ikke åbnet for forældre"),
    "parent_read_only": _l("Forældre må kun læse"),
    "youth_is_adult": _l("Den unge er fyldt 18"),
    "case_closed": _l("Rummet var lukket"),
    "account_inactive": _l("Kontoen var lukket"),
    "owner_has_left": _l("Ejeren er stoppet"),
    "case_creator": _l("Må oprette rum"),
}

PEOPLE = {
    "staff": _l("Fagperson"),
    "youth": _l("Den unge"),
    "parent": _l("Forælder"),
    "citizen": _l("Borger"),
    "system": _l("Samrum selv"),
    "nobody": _l("Ikke logget ind"),
}


def label(labels: dict[str, object], code: str | None) -> str:
    """The words for a code; the code itself where a newer release wrote one that has none."""
    return str(labels.get(code, code)) if code else ""

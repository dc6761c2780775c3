"""What the source may use and may not (OWASP ASVS 5.0 V1, V11, V15), found by reading all of it."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("platform/samrum", "auth", "storage")
DEMO = ("auth/standin/", "platform/samrum/demo/")  # both refuse to run in production

# Every module in which there is cryptography, and what for. A new one belongs here and into SECURITY.md.
CRYPTOGRAPHY = {
    "auth/oidc/relying_party.py": "state, nonce and verifier; comparing the state",
    "auth/passkeys.py": "challenges; signatures by webauthn",
    "auth/breached.py": "SHA-1, to look passwords up in lists that are made of it",
    "auth/passwords.py": "argon2id",
    "auth/recovery.py": "codes",
    "auth/totp.py": "one-time codes",
    "platform/samrum/fieldkeys.py": "the field key",
    "platform/samrum/services/audit_review.py": "rows drawn at random",
    "platform/samrum/services/broker_logout.py": "a token is remembered by its hash",
    "platform/samrum/services/cases.py": "the neutral number of a room",
    "platform/samrum/services/chain.py": "the chain of the audit log",
    "platform/samrum/services/checkpoint_store.py": "the name of a checkpoint",
    "platform/samrum/services/checkpoints.py": "signed checkpoints",
    "platform/samrum/services/tree.py": "the Merkle tree over the audit log",
    "platform/samrum/services/citizen_login.py": "attempts are found by their hash",
    "platform/samrum/services/fsck.py": "a sample drawn at random",
    "platform/samrum/services/passkeys.py": "challenges are found by their hash",
    "platform/samrum/services/sessions.py": "login tokens",
    "platform/samrum/services/staff_login.py": "invitation codes",
    "platform/samrum/services/step_up.py": "login tokens",
    "platform/samrum/web/cookies.py": "the visitor's value",
    "platform/samrum/web/once.py": "form tokens",
    "platform/samrum/__init__.py": "the signature of the message cookie",
    "storage/cobblestone.py": "the container",
    "storage/keys.py": "wrapping keys",
    "storage/signing.py": "signatures of requests to S3",
    "storage/pkcs11.py": "key-encryption keys in a module",
    "storage/upload.py": "the checksum of a version",
    "storage/upkeep.py": "checking checksums",
    "storage/vectors.py": "published vectors",
}
_CRYPTO_MODULES = {"cryptography", "hashlib", "hmac", "secrets", "argon2", "pyotp", "webauthn", "pkcs11"}
_NEVER = {
    "pickle": "objects of others", "marshal": "objects of others", "shelve": "objects of others", "yaml": "objects",
    "xml": "external entities", "lxml": "external entities", "ldap3": "", "telnetlib": "", "ftplib": "",
}  # fmt: skip


@cache
def sources() -> dict[str, ast.Module]:
    """Every module that production runs."""
    found = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(DEMO):
                found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.Module) -> set[str]:
    """The modules a module imports, whole names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def calls(tree: ast.Module) -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_every_place_with_cryptography_is_known() -> None:
    found = {
        name
        for name, tree in sources().items()
        if {module.partition(".")[0] for module in imports(tree)} & _CRYPTO_MODULES or "os.urandom" in calls(tree)
    }
    assert found - CRYPTOGRAPHY.keys() == set(), "new cryptography: into SECURITY.md and this list"
    assert CRYPTOGRAPHY.keys() - found == set(), "no cryptography there any more"


def test_ciphers_and_hashes_are_the_few_that_are_approved() -> None:
    modes: set[str] = set()
    hashes: dict[str, set[str]] = {}
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cryptography.hazmat"):
                modes |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module == "hashlib":
                hashes.setdefault(name, set()).update(alias.name for alias in node.names)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hashlib":
                hashes.setdefault(name, set()).add(node.attr)
    assert modes <= {"AESGCM", "HKDFExpand", "SHA256", "SHA512", "Ed25519PrivateKey", "Ed25519PublicKey"}
    assert hashes.pop("auth/breached.py") == {"sha1"}, "the lists are made of it, and it protects nothing there"
    assert set().union(*hashes.values()) <= {"sha256", "sha512", "file_digest"}


@pytest.mark.parametrize("module", _NEVER)
def test_what_runs_or_reads_foreign_things_is_imported_nowhere(module: str) -> None:
    assert [name for name, tree in sources().items() if {i.partition(".")[0] for i in imports(tree)} & {module}] == []


def test_nothing_is_run_that_came_as_text_and_no_template_is_made_of_text() -> None:
    forbidden = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "render_template_string",
                 "flask.render_template_string"}  # fmt: skip
    for name, tree in sources().items():
        assert not forbidden & set(calls(tree)), name
        assert not any(call.endswith(".from_string") for call in calls(tree)), name


def test_no_program_is_started_by_the_service() -> None:
    assert [name for name, tree in sources().items() if "subprocess" in imports(tree)] == []


def test_no_query_is_put_together_from_text() -> None:
    """SQL as text comes in constants only: values go beside it."""
    for name, tree in sources().items():
        if "/migrations/" in name:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("text", "exec_driver_sql"):
                assert not any(isinstance(argument, ast.BinOp) for argument in node.args), name
                for argument in node.args:
                    in_pieces = isinstance(argument, ast.JoinedStr)
                    assert not in_pieces or name == "platform/samrum/db.py", name


def test_no_regular_expression_is_made_of_what_people_type() -> None:
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
                is_constant = isinstance(node.args[0], ast.Constant | ast.Name)
                assert is_constant or ast.unparse(node.args[0]).isupper(), (name, ast.unparse(node))


def test_no_secret_and_no_hash_of_one_is_compared_letter_by_letter() -> None:
    """In what logs people in: ``==`` stops at the first difference, and its time tells where that is."""
    secret = {"token", "code", "password", "proof", "nonce", "state", "digits"}
    for name, tree in sources().items():
        if not name.startswith(("auth/", "platform/samrum/web/", "platform/samrum/services/")):
            continue
        if "audit" in name or name.endswith("/chain.py"):  # the hashes of the log are no secrets
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                for side in (node.left, *node.comparators):
                    text = ast.unparse(side)
                    assert "browser_hash" not in text, name
                    assert "token_hash" not in text or "LoginSession." in text, name
                    assert not text.endswith((".digest()", ".hexdigest()")), name
                    assert text.rpartition(".")[2] not in secret or name.startswith("auth/oidc"), (name, text)

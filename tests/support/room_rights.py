"""What changes the rights in a room: each change is made over the service's sockets, and noted in the model."""

import re
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from samrum.models import Case, CaseParent, Citizen, Staff
from samrum.queries.cases import grant_in_force
from samrum.queries.people import staff_by_email
from samrum.services.sessions import staff_actor
from support.room_model import FORMER
from support.shared_room import NAMES, SharedRoom
from support.uploads import pdf


class RoomRights(SharedRoom):
    """A room in which people are let in and taken off, consent and withdraw, grow older, leave and come back."""

    def grant(self, who: str, level: str) -> None:
        if self.manage("/access", {"email": self.email(who), "level": level, "last_day": ""}):
            assert self.model.owner not in (who, *self.model.inactive)
            self.model.grants[who] = level

    def revoke(self, who: str) -> None:
        with self.world.platform.database.transaction(writes=False) as session:
            found = grant_in_force(session, self.case_id, self.staff[who].id)
        if found is not None and self.manage(f"/access/{found.id}/revoke", {}, page="/access"):
            del self.model.grants[who]

    def set_levels(self, youth: str, parents: str) -> None:
        if self.manage("/levels", {"youth_access": youth, "parent_access": parents}):
            self.model.youth_access, self.model.parent_access = youth, parents

    def consent(self, giver: str, days: int, to_parents: bool, on_paper: bool = False) -> None:
        """A new consent beside the earlier ones, to everybody who has a grant: given by login, or on paper that the
        owner scans."""
        to_parents = to_parents and self.model.is_minor
        named = set(self.model.grants) - {self.model.owner}
        if self.model.closed or not self.model.may_consent(giver) or not (named or to_parents):
            return
        units = [self.staff[name].unit for name in named]
        end = self.model.today + timedelta(days=days)
        if not on_paper:
            self.world.consent(self.citizens[giver], self.case_id, *units, to_parents=to_parents, days=days)
        elif not self.scan(giver, [*map(str, units), *(["parents"] if to_parents else [])], end):
            return
        running = self.model.consents.setdefault(giver, {})
        for recipient in named | ({"parents"} if to_parents else set()):
            running[recipient] = max(end, running.get(recipient, end))

    def scan(self, giver: str, recipients: list[str], until: date) -> bool:
        """The owner records a consent on paper, and its scan lies in the room; whether there is an owner who can."""
        owner = self.model.owner
        if owner not in self.staff or owner in self.model.inactive:
            return False
        path = f"{self.room}/paper-consent"
        said = {"giver": self.citizens[giver].id, "recipients": recipients, "kinds": "education", "purpose": "Skole"}
        fields = {**said, "from_day": self.model.today.isoformat(), "until_day": until.isoformat()}
        token = self.token(owner, path)
        answer = self.clients[owner].upload(path, "samtykke.pdf", pdf(), fields=fields, token=token)
        assert self.is_done(answer), (answer.status, answer.text)
        self.model.scans += 1
        return True

    def withdraw_everything(self, giver: str) -> None:
        if giver not in self.citizens:
            return
        while True:
            text = self.client(giver).get(self.room).text
            links = re.findall(rf'href="({self.room}/consents?/[0-9a-f-]+/withdraw)"', text)
            if not links:
                break
            assert self.is_done(self.send(giver, links[0], {}))
        if self.model.may_consent(giver):
            self.model.consents.pop(giver, None)

    def tie(self, parent: str) -> UUID | None:
        """The id under which a parent stands in the room."""
        if parent not in self.citizens:
            return None
        with self.world.platform.database.transaction(writes=False) as session:
            wanted = (CaseParent.case_id == self.case_id, CaseParent.citizen_id == self.citizens[parent].id)
            return session.scalars(select(CaseParent.id).where(*wanted)).one_or_none()

    def take_a_parent_off(self, parent: str) -> None:
        tie = self.tie(parent)
        if tie is not None and self.manage(f"/parents/{tie}/remove", {}):
            self.model.parents.discard(parent)

    def put_a_parent_on(self, parent: str) -> None:
        """Also one who was there before, one of the same name, and one whose account was closed meanwhile."""
        fields = {"name": NAMES[parent], "cpr": self.cprs[parent], "custody_holder": "y"}
        if self.manage("/parents", fields):
            assert parent not in self.model.parents
            self.model.parents.add(parent)
            self.citizens[parent] = self.world.citizen(self.cprs[parent])

    def close_a_parent_s_account(self, parent: str) -> None:
        if parent in self.citizens:
            with self.world.platform.database.transaction() as session:
                session.get_one(Citizen, self.citizens[parent].id).active = False
            self.citizens[parent] = self.world.citizen(self.cprs[parent])
            self.model.inactive.add(parent)

    def close(self) -> None:
        if self.manage("/close", {}):
            self.model.closed = True

    def reopen(self) -> None:
        if self.model.closed and self.manage("/reopen", {}):
            self.model.closed = False

    def has_new_owner(self, receiver: str) -> None:
        assert receiver not in self.model.inactive
        self.model.grants.pop(receiver, None)
        self.model.owner = self.model.owner_unit = receiver

    def hand_over(self, receiver: str) -> None:
        data = {"email": self.email(receiver), "understood": "y"}
        if receiver != self.model.owner and self.manage("/hand-over", data):
            self.has_new_owner(receiver)

    def an_administrator_hands_over_what_has_no_owner(self, receiver: str) -> None:
        with self.world.platform.database.transaction(writes=False) as session:
            number = session.get_one(Case, self.case_id).number
        fields = {"number": number, "email": self.email(receiver), "why": "left"}
        if self.send("anna", "/people/hand-over", fields).status == 303:
            assert self.model.owner in (FORMER, *self.model.inactive)
            self.has_new_owner(receiver)

    def deactivate(self, who: str) -> None:
        if who not in self.model.inactive:
            path = f"/people/{self.staff[who].id}/deactivate"
            assert self.send("anna", path, {}).status in (302, 303)
            self.model.inactive.add(who)

    def open_an_account_again(self, who: str) -> None:
        """The same person, without what they had; not while a room still has them for its owner."""
        if who in self.model.inactive:
            fields = {"roles": "case_creator"} if who in ("birgit", "eva") else {}
            answer = self.send("anna", f"/people/{self.staff[who].id}/reopen", fields)
            assert answer.status == (422 if who == self.model.owner else 200)
            if answer.status == 200:
                self.clients.pop(who, None)
                self.model.inactive.discard(who)
                self.model.grants.pop(who, None)

    def create_somebody_anew(self, who: str) -> None:
        """The same name, unit, roles and e-mail; the e-mail of a closed account is refused until it is given free."""
        if who not in self.model.inactive:
            return
        name = f"{who.title()}{self.number}"
        fields = {"name": name, "email": self.email(who), "unit": name}
        if who in ("birgit", "eva"):
            fields["roles"] = "case_creator"
        assert self.send("anna", "/people/new", fields).status == 422
        with self.world.platform.database.transaction() as session:
            session.get_one(Staff, self.staff[who].id).email = f"{self.staff[who].id.hex}@test.dk"
        assert self.send("anna", "/people/new", fields).status == 200
        with self.world.platform.database.transaction(writes=False) as session:
            found = staff_by_email(session, self.email(who))
            assert found is not None
            self.staff[who] = staff_actor(found)
        self.clients.pop(who, None)
        self.model.inactive.discard(who)
        self.model.grants.pop(who, None)
        if self.model.owner == who:
            self.model.owner = FORMER

    def time_passes(self, days: int) -> None:
        self.days += days
        self.set_clock()
        self.forget_logins()
        self.model.today += timedelta(days=days)

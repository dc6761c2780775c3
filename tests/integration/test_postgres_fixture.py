from collections.abc import Callable

import sqlalchemy as sa


def _tables(url: str) -> list[str]:
    engine = sa.create_engine(url)
    try:
        return sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_every_database_handed_out_is_a_new_and_empty_one(new_postgres_database: Callable[[], str]) -> None:
    first, second = new_postgres_database(), new_postgres_database()
    engine = sa.create_engine(first)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE here (id integer)"))
    engine.dispose()
    assert _tables(first) == ["here"]
    assert _tables(second) == []

"""The one `MetaData` that every table of the house hangs on, and the names its constraints get.

Constraint names follow one convention, so that `conflict_on` and the migrations can name them: a unique constraint on
`pipelines(tenant_id, name)` is `uq_pipelines_tenant_id_name`, its primary key is `pk_pipelines`.
"""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

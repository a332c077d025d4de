"""Tables: runs, tasks, projects, triggers and names of secrets. What is read, and what can be done with a row."""

from flyte_jupyter.view._tables._entities import Projects, Secrets, Tasks, Triggers
from flyte_jupyter.view._tables._runs import Runs
from flyte_jupyter.view._tables._table import Act, Column, Query, Read, Row, Table, WholeTable

__all__ = [
    "Act",
    "Column",
    "Projects",
    "Query",
    "Read",
    "Row",
    "Runs",
    "Secrets",
    "Table",
    "Tasks",
    "Triggers",
    "WholeTable",
]

"""The tables of the backend's SQLite database."""

from __future__ import annotations

VERSION = 1

SCHEMA = """
CREATE TABLE runs (
    project TEXT, domain TEXT, run TEXT, org TEXT NOT NULL, base TEXT NOT NULL, created_at INTEGER NOT NULL,
    run_spec BLOB NOT NULL, labels TEXT NOT NULL,
    PRIMARY KEY (project, domain, run)
) WITHOUT ROWID;
CREATE TABLE actions (
    seq INTEGER PRIMARY KEY,
    project TEXT NOT NULL, domain TEXT NOT NULL, run TEXT NOT NULL, name TEXT NOT NULL,
    parent TEXT, grp TEXT NOT NULL, action_type INTEGER NOT NULL, phase INTEGER NOT NULL, attempts INTEGER NOT NULL,
    run_source INTEGER NOT NULL, created_by TEXT NOT NULL,
    trigger_name TEXT NOT NULL, trigger_task_name TEXT NOT NULL, trigger_revision INTEGER NOT NULL,
    task_project TEXT NOT NULL, task_domain TEXT NOT NULL, task_name TEXT NOT NULL, task_version TEXT NOT NULL,
    function_name TEXT NOT NULL, environment_name TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, ended_at INTEGER, duration_ms INTEGER,
    input_uri TEXT NOT NULL, output_uri TEXT NOT NULL, cache_key TEXT NOT NULL, spec_digest TEXT,
    details BLOB NOT NULL, error BLOB, value BLOB,
    UNIQUE (project, domain, run, name)
);
CREATE INDEX actions_in_order ON actions (project, domain, run, created_at, name);
CREATE INDEX roots ON actions (created_at) WHERE parent IS NULL;
CREATE INDEX open_actions ON actions (phase) WHERE phase NOT IN (5, 6, 7, 8, 10);
CREATE TABLE specs (digest TEXT PRIMARY KEY, spec BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE cache (
    project TEXT, domain TEXT, key TEXT, output_uri TEXT NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (project, domain, key)
) WITHOUT ROWID;
CREATE TABLE tasks (
    project TEXT, domain TEXT, name TEXT, version TEXT, environment TEXT NOT NULL, short_name TEXT NOT NULL,
    function_name TEXT NOT NULL, short_description TEXT NOT NULL, env_description TEXT NOT NULL,
    deployed_by TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, spec BLOB NOT NULL,
    PRIMARY KEY (project, domain, name, version)
) WITHOUT ROWID;
CREATE TABLE triggers (
    project TEXT, domain TEXT, task_name TEXT, name TEXT, revision INTEGER NOT NULL, active INTEGER NOT NULL,
    task_version TEXT NOT NULL, automation_type INTEGER NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, details BLOB NOT NULL,
    PRIMARY KEY (project, domain, task_name, name)
) WITHOUT ROWID;
CREATE TABLE trigger_revisions (
    project TEXT, domain TEXT, task_name TEXT, name TEXT, revision INTEGER, action INTEGER NOT NULL,
    created_at INTEGER NOT NULL, details BLOB NOT NULL,
    PRIMARY KEY (project, domain, task_name, name, revision)
) WITHOUT ROWID;
CREATE TABLE secrets (
    project TEXT, domain TEXT, name TEXT, type INTEGER NOT NULL, value BLOB NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (project, domain, name)
) WITHOUT ROWID;
CREATE TABLE projects (id TEXT PRIMARY KEY, project BLOB NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;
"""

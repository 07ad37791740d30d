import Database from 'better-sqlite3';

/** The SQL that Alembic emits for the Python app's first migrations. The metadata columns came with a later one. */
const TABLES = `
  CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
  CREATE TABLE tickets (
    id INTEGER NOT NULL,
    created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
    source VARCHAR(50) NOT NULL,
    raw_text TEXT NOT NULL,
    status VARCHAR(20) NOT NULL,
    PRIMARY KEY (id)
  );
  CREATE INDEX ix_tickets_id ON tickets (id);
  CREATE TABLE results (
    id INTEGER NOT NULL,
    ticket_id INTEGER NOT NULL,
    summary TEXT NOT NULL,
    category VARCHAR(50) NOT NULL,
    reply_draft TEXT NOT NULL,
    model VARCHAR(100) NOT NULL,
    prompt_version VARCHAR(50) NOT NULL,
    created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(ticket_id) REFERENCES tickets (id),
    UNIQUE (ticket_id)
  );
  INSERT INTO alembic_version (version_num) VALUES ('1f0c2a9d7b3e');
`;
const METADATA_COLUMNS = `
  ALTER TABLE results ADD COLUMN openai_request_id VARCHAR(100);
  ALTER TABLE results ADD COLUMN latency_ms INTEGER;
  ALTER TABLE results ADD COLUMN input_tokens INTEGER;
  ALTER TABLE results ADD COLUMN output_tokens INTEGER;
  ALTER TABLE results ADD COLUMN total_tokens INTEGER;
  ALTER TABLE results ADD COLUMN cached_tokens INTEGER;
`;
const ROWS = `
  INSERT INTO tickets VALUES
    (1, '2026-02-17 16:35:05', 'email', 'I cannot login 😀', 'done'),
    (2, '2026-02-17 16:35:06.123456', 'web', 'left by a crash', 'processing'),
    (3, '2026-02-17 16:35:07', 'web', 'left by a race', 'failed'),
    (4, '2026-02-17 16:35:08', 'web', 'left by a failure', 'failed'),
    (9, '2026-02-17 16:35:09', 'chat', 'not processed', 'new');
  INSERT INTO results (id, ticket_id, summary, category, reply_draft, model, prompt_version, created_at) VALUES
    (1, 1, 'Cannot log in.', 'auth/login', 'Hello', 'dummy', 'v1', '2026-02-17 16:36:05'),
    (5, 3, 'A race.', 'other', 'Hi', 'gpt-4o-mini-2024-07-18', 'v1', '2026-02-17 16:36:06');
`;
const METADATA = `
  UPDATE results SET openai_request_id = 'req_9', latency_ms = 812, input_tokens = 300, output_tokens = 90,
    total_tokens = 390, cached_tokens = 0 WHERE id = 5;
`;

/** Creates a database file as the Python app leaves it. */
export function makePythonDatabase(path: string, { metadata }: { metadata: boolean }): void {
  const sqlite = new Database(path);
  sqlite.exec(TABLES + (metadata ? METADATA_COLUMNS : '') + ROWS + (metadata ? METADATA : ''));
  sqlite.close();
}

-- The tables of an instance. A step is what one version added; a file is brought forward
-- by the steps it lacks, so a step that was ever released is never changed: append.
-- Times are milliseconds since 1970.

-- step 1

-- One row for each thing worth remembering about the file itself.
CREATE TABLE meta (
	name	TEXT PRIMARY KEY,
	value	TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What came in; a row is acknowledged to the platform when it is durable here.
CREATE TABLE inbox (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	connection	TEXT NOT NULL,
	chat		TEXT NOT NULL,
	thread		TEXT NOT NULL,
	kind		TEXT NOT NULL,
	id		TEXT NOT NULL,
	version		TEXT NOT NULL,
	sender		TEXT NOT NULL,
	text		TEXT NOT NULL,
	state		TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'done')),
	came		INTEGER NOT NULL,
	UNIQUE (connection, chat, kind, id, version)
) STRICT;
CREATE INDEX inbox_waiting ON inbox (row) WHERE state = 'waiting';

CREATE TABLE dead_letter (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	connection	TEXT NOT NULL,
	why		TEXT NOT NULL,
	bytes		BLOB NOT NULL,
	came		INTEGER NOT NULL
) STRICT;

-- How often an event ended its adapter.
CREATE TABLE poison (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	connection	TEXT NOT NULL,
	event		TEXT NOT NULL,
	count		INTEGER NOT NULL,
	UNIQUE (connection, event)
) STRICT;

-- What an adapter wants back at its next start: JSON.
CREATE TABLE kept (
	connection	TEXT PRIMARY KEY,
	state		TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The model sees the summary, then the messages after `folded`.
CREATE TABLE conversation (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	connection	TEXT NOT NULL,
	chat		TEXT NOT NULL,
	thread		TEXT NOT NULL,
	folded		INTEGER NOT NULL DEFAULT 0,
	summary		TEXT,
	UNIQUE (connection, chat, thread)
) STRICT;

CREATE TABLE turn (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation	INTEGER NOT NULL REFERENCES conversation,
	inbox		INTEGER REFERENCES inbox,
	origin		TEXT NOT NULL,
	state		TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'stopped')),
	began		INTEGER NOT NULL,
	ended		INTEGER
) STRICT;
CREATE INDEX turn_running ON turn (conversation) WHERE state = 'running';

-- `body` is the message as JSON without its "raw", which only the adapter that made it
-- is shown again.
CREATE TABLE message (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation	INTEGER NOT NULL REFERENCES conversation,
	turn		INTEGER REFERENCES turn,
	body		TEXT NOT NULL,
	adapter		TEXT,
	raw		TEXT,
	came		INTEGER NOT NULL
) STRICT;
CREATE INDEX message_of ON message (conversation, row);

-- What the models used, a row for each answer; micros is NULL where no price is known.
CREATE TABLE usage (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	turn		INTEGER NOT NULL REFERENCES turn,
	model		TEXT NOT NULL,
	tokens_in	INTEGER NOT NULL,
	tokens_out	INTEGER NOT NULL,
	cache_read	INTEGER NOT NULL,
	cache_write	INTEGER NOT NULL,
	micros		INTEGER,
	came		INTEGER NOT NULL
) STRICT;

-- Written before the call runs; one without a result may have been done.
CREATE TABLE call (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	turn		INTEGER NOT NULL REFERENCES turn,
	id		TEXT NOT NULL,
	name		TEXT NOT NULL,
	args		TEXT,
	result		TEXT,
	failed		INTEGER,
	began		INTEGER NOT NULL,
	ended		INTEGER
) STRICT;
CREATE INDEX call_of ON call (turn, row);

CREATE TABLE outbox (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	connection	TEXT NOT NULL,
	chat		TEXT NOT NULL,
	thread		TEXT NOT NULL,
	text		TEXT NOT NULL,
	key		TEXT NOT NULL UNIQUE,
	turn		INTEGER REFERENCES turn,
	state		TEXT NOT NULL DEFAULT 'waiting'
			CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')),
	platform_id	TEXT,
	why		TEXT,
	added		INTEGER NOT NULL,
	changed		INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_waiting ON outbox (connection, row) WHERE state = 'waiting';
CREATE INDEX outbox_sending ON outbox (row) WHERE state = 'sending';

CREATE TABLE note (
	row		INTEGER PRIMARY KEY AUTOINCREMENT,
	person		TEXT NOT NULL,
	text		TEXT NOT NULL,
	kept		INTEGER NOT NULL
) STRICT;
CREATE INDEX note_of ON note (person, row);

-- Rows are numbered without a gap; `hash` covers the row and the hash before it.
CREATE TABLE audit (
	row		INTEGER PRIMARY KEY,
	at		INTEGER NOT NULL,
	task		INTEGER NOT NULL,
	connection	TEXT NOT NULL,
	operation	TEXT NOT NULL,
	verdict		TEXT NOT NULL,
	rule		TEXT NOT NULL,
	args		TEXT,
	hash		TEXT NOT NULL
) STRICT;

-- step 2

-- Whose notes and rights what came has, by what a command is answered, whether others read along.
ALTER TABLE inbox ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN handle TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;
UPDATE inbox SET person = sender;
CREATE INDEX inbox_waiting_in ON inbox (connection, chat, thread, row) WHERE state = 'waiting';

-- Where a conversation goes on whose chat has a new id.
ALTER TABLE conversation ADD COLUMN moved INTEGER REFERENCES conversation;
CREATE INDEX conversation_moved ON conversation (moved) WHERE moved IS NOT NULL;

-- From what came to what was made of it, for the day on which its sender changes it.
CREATE INDEX turn_of ON turn (inbox);
CREATE INDEX message_in ON message (turn, row);

-- Who wrote and is named nowhere in the configuration.
CREATE TABLE stranger (
	row		INTEGER PRIMARY KEY,
	connection	TEXT NOT NULL,
	sender		TEXT NOT NULL,
	count		INTEGER NOT NULL,
	last		INTEGER NOT NULL,
	UNIQUE (connection, sender)
) STRICT;
CREATE INDEX stranger_last ON stranger (last, row);

-- Rows leave by place, and by part within it: what goes in pieces keeps one place. A draft
-- is the beginning of an answer that is being made. A stale row has new text since its bytes
-- left. An unknown one with a reason is not looked for any more: it is not open.
ALTER TABLE outbox ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'alone' CHECK (kind IN ('alone', 'draft', 'answer'));
ALTER TABLE outbox ADD COLUMN handle TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN open INTEGER AS
	(state IN ('waiting', 'sending') OR (state = 'unknown' AND why IS NULL)) VIRTUAL;
UPDATE outbox SET place = row;
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (connection, place, part) WHERE state = 'waiting';
CREATE INDEX outbox_open ON outbox (connection, chat, place, part) WHERE open;
CREATE INDEX outbox_place ON outbox (place, part);
CREATE INDEX outbox_lost ON outbox (changed) WHERE state IN ('failed', 'unknown');
CREATE UNIQUE INDEX outbox_answer ON outbox (turn) WHERE kind <> 'alone' AND part = 0;

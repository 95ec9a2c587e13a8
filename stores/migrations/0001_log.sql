-- The log: one row per block, in the order in which its writers held the one row of log_head.
-- Runs with search_path set to the log's own schema. What the daemon's role may do are the
-- functions that are SECURITY DEFINER; everything else belongs to the schema's owner.

-- The end of the log. Whoever appends holds this row from first to last: positions are dense, and
-- become visible in their order.
CREATE TABLE log_head (
  id            smallint PRIMARY KEY CHECK (id = 1),
  at            bigint NOT NULL,  -- position of the last record
  hash          bytea NOT NULL,   -- chain hash of the last block
  time          bigint NOT NULL,  -- its block time, microseconds since 1970
  token         bigint NOT NULL,  -- of the newest session
  partitions_to bigint NOT NULL,  -- blocks up to here (exclusive) have a partition
  base_at       bigint NOT NULL,  -- everything up to here was dropped
  base_hash     bytea NOT NULL,
  base_time     bigint NOT NULL
) WITH (fillfactor = 10);         -- updated by every append: room for new versions in its page

INSERT INTO log_head
VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0, 0, 1, 0, decode(repeat('00', 32), 'hex'), 0);

-- previous, header, body and hash, one after the other, are the block (docs/event-log.md).
CREATE TABLE blocks (
  last     bigint NOT NULL,  -- position of its last record
  first    bigint NOT NULL,
  time     bigint NOT NULL,
  session  bigint NOT NULL,
  append   bigint NOT NULL,  -- the session's number of the append that wrote it
  previous bytea NOT NULL,
  header   bytea NOT NULL,
  hash     bytea NOT NULL,
  keys     bigint[] NOT NULL,
  refused  bigint[],         -- what else that append was answered; none = all passed
  body     bytea NOT NULL,
  PRIMARY KEY (last)
) PARTITION BY RANGE (last);
-- Hashes and random ids do not get smaller.
ALTER TABLE blocks ALTER COLUMN keys SET STORAGE EXTERNAL;

-- Commits whose meta has an idempotency key, for a day.
CREATE TABLE keyed_commits (
  id    uuid PRIMARY KEY,
  first bigint NOT NULL,
  time  bigint NOT NULL
);
CREATE INDEX keyed_commits_time ON keyed_commits (time);

-- The newest session of each node.
CREATE TABLE sessions (
  node      text PRIMARY KEY,
  token     bigint NOT NULL UNIQUE,
  nonce     bigint NOT NULL,  -- of the call that opened it: tells its repetition from a stranger
  epoch     bigint NOT NULL,  -- counts the connections that append for it
  ttl       bigint NOT NULL,  -- microseconds, as the instants below
  opened    bigint NOT NULL,
  expires   bigint NOT NULL,
  header    bytea NOT NULL,   -- what a block's header says about it
  role      text NOT NULL,
  tasks     text[] NOT NULL,
  executors text[] NOT NULL,
  labels    text[] NOT NULL,
  level     int NOT NULL,
  address   text NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE blobs (
  digest bytea PRIMARY KEY,
  bytes  bytea NOT NULL
);

-- Chunks by digest, in parts; a snapshot is there when its manifest is.
CREATE TABLE snapshot_parts (
  digest  bytea NOT NULL,
  part    int NOT NULL,
  written timestamptz NOT NULL DEFAULT clock_timestamp(),
  bytes   bytea NOT NULL,
  PRIMARY KEY (digest, part)
);
CREATE TABLE snapshot_manifest (
  id    smallint PRIMARY KEY CHECK (id = 1),
  at    bigint NOT NULL,
  bytes bytea NOT NULL
);

DO $$
DECLARE
  c record;
BEGIN
  FOR c IN VALUES ('blocks', 'body'), ('blobs', 'bytes'), ('snapshot_parts', 'bytes') LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET COMPRESSION lz4', c.column1, c.column2);
  END LOOP;
EXCEPTION WHEN feature_not_supported THEN
  NULL; -- a server built without lz4 compresses in its own way
END $$;

-- The store's clock, in microseconds. Not now(): who waited must not judge by an old clock.
CREATE FUNCTION store_time() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- Numbers as a header has them: lowest byte first, and in groups of seven bits.
CREATE FUNCTION little8(v bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT substring(int8send(v) FROM 8 FOR 1) || substring(int8send(v) FROM 7 FOR 1)
      || substring(int8send(v) FROM 6 FOR 1) || substring(int8send(v) FROM 5 FOR 1)
      || substring(int8send(v) FROM 4 FOR 1) || substring(int8send(v) FROM 3 FOR 1)
      || substring(int8send(v) FROM 2 FOR 1) || substring(int8send(v) FROM 1 FOR 1)
$$;

CREATE FUNCTION varint(v int) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  out bytea := '';
BEGIN
  WHILE v >= 128 LOOP
    out := out || substring(int4send(v % 128 + 128) FROM 4 FOR 1);
    v := v / 128;
  END LOOP;
  RETURN out || substring(int4send(v) FROM 4 FOR 1);
END $$;

-- Makes the partition that follows the newest one. Attaching, unlike creating in place, waits for
-- no reader.
CREATE FUNCTION add_partition() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  size CONSTANT bigint := 10000000;
  from_ bigint;
  to_ bigint;
  name_ text;
BEGIN
  SELECT partitions_to INTO from_ FROM log_head;
  to_ := from_ + size;
  name_ := 'blocks_' || from_;
  EXECUTE format('CREATE TABLE %I (LIKE blocks INCLUDING ALL)', name_);
  EXECUTE format('ALTER TABLE blocks ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                 name_, from_, to_);
  UPDATE log_head SET partitions_to = to_;
  RETURN to_;
END $$;
SELECT add_partition();

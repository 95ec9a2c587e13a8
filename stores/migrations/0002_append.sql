-- What appends and reads call. Outcome numbers are those of `outcome_kind` (stores/event_log.hpp).

-- What a writer or reader asks after it has connected: is this the log that it knew?
CREATE FUNCTION check_in(known bigint, OUT version int, OUT system_ text, OUT timeline int,
                         OUT at_ bigint, OUT hash_ bytea, OUT time_ bigint, OUT base_at_ bigint,
                         OUT base_hash_ bytea, OUT base_time_ bigint, OUT known_hash bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  SELECT max(m.number) INTO version FROM migrations m;
  SELECT s.system_identifier::text INTO system_ FROM pg_control_system() s;
  IF pg_is_in_recovery() THEN
    SELECT c.timeline_id INTO timeline FROM pg_control_checkpoint() c;
  ELSE
    timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int;
  END IF;
  SELECT h.at, h.hash, h.time, h.base_at, h.base_hash, h.base_time
    INTO at_, hash_, time_, base_at_, base_hash_, base_time_ FROM log_head h;
  SELECT b.hash INTO known_hash FROM blocks b WHERE b.last = known;
  IF known = base_at_ THEN
    known_hash := base_hash_;
  ELSIF known = at_ THEN
    known_hash := hash_; -- also when its block is missing: that is for verify to find
  END IF;
END $$;

-- Makes this connection the one that appends for a session: what an older connection may still have
-- under way is refused from now on, or was done before this returns. 0 = there is no such session.
CREATE FUNCTION attach(token_ bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  epoch_ bigint;
BEGIN
  PERFORM FROM log_head FOR UPDATE;
  UPDATE sessions s SET epoch = s.epoch + 1 WHERE s.token = token_ RETURNING s.epoch INTO epoch_;
  RETURN coalesce(epoch_, 0);
END $$;

-- The append that a session numbered so, if its block is behind `after`.
CREATE FUNCTION find_append(token_ bigint, append_ bigint, after bigint, OUT first_ bigint,
                            OUT last_ bigint, OUT time_ bigint, OUT hash_ bytea,
                            OUT refused_ bigint[], OUT previous_ bytea, OUT header_ bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT b.first, b.last, b.time, b.hash, b.refused, b.previous, b.header FROM blocks b
  WHERE b.last > after AND b.session = token_ AND b.append = append_ LIMIT 1
$$;

-- The commits of one request that do not pass, as quadruples commit, kind, position, key.
CREATE FUNCTION judge(at_ bigint, time_ bigint,
                      guard_key bigint[], guard_known bigint[], guard_commit int[],
                      known_min bigint, early_time bigint[], early_commit int[],
                      keyed_id uuid[], keyed_commit int[], lag_max bigint) RETURNS bigint[]
-- Nothing is known of the sizes of arrays: left to itself, the planner would nest loops over them.
LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_nestloop = off AS $$
DECLARE
  kept CONSTANT bigint := 86400000000;
  result bigint[];
BEGIN
  IF at_ <= known_min AND cardinality(early_time) = 0 AND cardinality(keyed_id) = 0 THEN
    RETURN NULL;
  END IF;
  WITH guards AS (
    -- A commit's own id counts as a guard; it is numbered -1 - commit.
    SELECT g.k, g.known, g.c FROM unnest(guard_key, guard_known, guard_commit) g(k, known, c)
    WHERE g.known < at_ AND at_ > known_min
  ), touched AS (
    SELECT t.k, b.last FROM blocks b CROSS JOIN LATERAL unnest(b.keys) t(k)
    WHERE at_ > known_min AND b.last > greatest(known_min, at_ - lag_max)
  ), found AS (
    SELECT CASE WHEN g.c < 0 THEN -1 - g.c ELSE g.c END AS c, CASE WHEN g.c < 0 THEN 2 ELSE 1 END
           AS kind, t.last AS at, g.k AS key, CASE WHEN g.c < 0 THEN 1 ELSE 4 END AS rank
    FROM guards g JOIN touched t ON t.k = g.k AND t.last > g.known
    UNION ALL
    SELECT g.c, 1, at_ - lag_max, g.k, 5 FROM guards g WHERE g.c >= 0 AND g.known < at_ - lag_max
    UNION ALL
    -- The index of keyed commits knows the position of the commit itself: negative, to tell.
    SELECT x.c, 2, -x.first, 0, 0
    FROM (SELECT k.c, (SELECT y.first FROM keyed_commits y
                       WHERE y.id = k.id AND y.time + kept > time_) AS first
          FROM unnest(keyed_id, keyed_commit) k(id, c)) x WHERE x.first IS NOT NULL
    UNION ALL
    SELECT e.c, 4, 0, 0, 3 FROM unnest(early_time, early_commit) e(t, c) WHERE e.t > time_
  ), first_found AS (
    SELECT DISTINCT ON (f.c) f.c, f.kind, f.at, f.key FROM found f ORDER BY f.c, f.rank, f.at DESC
  )
  SELECT array_agg(v.v ORDER BY f.c, v.n) INTO result FROM first_found f
  CROSS JOIN LATERAL (VALUES (1, f.c::bigint), (2, f.kind), (3, f.at), (4, f.key)) v(n, v);
  RETURN result;
END $$;

-- The body and the keys of the commits that pass, when not all do. A commit whose meta is that of
-- the commit before it in the block says nothing about it; the others say all of it.
CREATE FUNCTION gather(gone boolean[], body_ bytea, starts int[], records_at int[], counts int[],
                       meta_of int[], metas bytea[], keys_ bigint[], key_ends int[],
                       OUT body bytea, OUT keys bigint[], OUT count_ int)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  WITH listed AS (
    SELECT l.*, lead(l.start, 1, length(body_)) OVER (ORDER BY l.i) AS stop
    FROM unnest(starts, records_at, counts, meta_of)
         WITH ORDINALITY l(start, records, count, meta, i)
  ), passing AS (
    SELECT l.*, get_byte(body_, l.start) & 128 AS no_id,
           l.meta IS NOT DISTINCT FROM lag(l.meta) OVER (ORDER BY l.i) AS same
    FROM listed l WHERE NOT gone[l.i] AND l.count > 0
  )
  SELECT string_agg(
           substring(int4send(p.no_id + CASE WHEN p.same THEN 0 ELSE 63 END) FROM 4 FOR 1)
             || CASE WHEN p.no_id = 0 THEN substring(body_ FROM p.start + 2 FOR 16) ELSE '' END
             || CASE WHEN p.same THEN '' ELSE metas[p.meta + 1] END
             || substring(body_ FROM p.records + 1 FOR p.stop - p.records),
           ''::bytea ORDER BY p.i),
         coalesce(sum(p.count), 0)
    INTO body, count_ FROM passing p;
  SELECT array_agg(k.k) INTO keys
  FROM (SELECT c.stop, lag(c.stop, 1, 0) OVER (ORDER BY c.i) AS start, c.i
        FROM unnest(key_ends) WITH ORDINALITY c(stop, i)) c
  CROSS JOIN LATERAL unnest(keys_[c.start + 1:c.stop]) k(k)
  WHERE NOT gone[c.i] AND counts[c.i] > 0;
END $$;

-- Appends what passes, all of it in one block. status_: 0 = judged, 1 = the session has expired or
-- is not the node's newest, 2 = another connection appends for it, 3 = the writer has not seen the
-- commit ids up to `seen` for too long to be told duplicates from what is new.
CREATE FUNCTION append(
  token_ bigint, epoch_ bigint, append_ bigint, lead bytea, body_ bytea,
  starts int[], records_at int[], counts int[], meta_of int[], metas bytea[],
  keys_ bigint[], key_ends int[],
  guard_key bigint[], guard_known bigint[], guard_commit int[], known_min bigint, seen bigint,
  early_time bigint[], early_commit int[], keyed_id uuid[], keyed_commit int[],
  after_commit int[], after_other int[], after_kind int[],
  OUT status_ int, OUT first_ bigint, OUT last_ bigint, OUT time_ bigint, OUT hash_ bytea,
  OUT refused_ bigint[], OUT previous_ bytea, OUT header_ bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  -- How far behind the head a commit with guards may be: bounds what is looked at under the lock.
  lag_max CONSTANT bigint := 100000;
  h record;
  s record;
  gone boolean[];
  count_ int;
  c int;
BEGIN
  SELECT * INTO h FROM log_head FOR UPDATE;
  time_ := store_time();
  SELECT x.epoch, x.expires > time_ AS live, x.header INTO s FROM sessions x
    WHERE x.token = token_;
  status_ := CASE WHEN s.live IS NOT TRUE THEN 1 WHEN s.epoch <> epoch_ THEN 2
                  WHEN seen < h.at - lag_max THEN 3 ELSE 0 END;
  time_ := greatest(time_, h.time);
  first_ := 0;
  last_ := h.at;
  hash_ := h.hash;
  IF status_ <> 0 THEN
    time_ := h.time;
    RETURN;
  END IF;

  refused_ := judge(h.at, time_, guard_key, guard_known, guard_commit, known_min,
                    early_time, early_commit, keyed_id, keyed_commit, lag_max);
  IF refused_ IS NOT NULL OR cardinality(after_commit) > 0 THEN
    gone := array_fill(false, ARRAY[cardinality(counts)]);
    FOR i IN 1..coalesce(cardinality(refused_), 0) / 4 LOOP
      gone[refused_[4 * i - 3] + 1] := true;
    END LOOP;
    -- Commits that rely on what an earlier one of the same request touches; in order.
    FOR i IN 1..cardinality(after_commit) LOOP
      c := after_commit[i];
      IF NOT gone[c + 1] AND NOT gone[after_other[i] + 1] THEN
        gone[c + 1] := true;
        refused_ := refused_ || ARRAY[c, after_kind[i], -1 - after_other[i], -1]::bigint[];
      END IF;
    END LOOP;
  END IF;

  IF refused_ IS NULL THEN
    SELECT sum(x) INTO count_ FROM unnest(counts) x;
  ELSE
    SELECT g.body, g.keys, g.count_ INTO body_, keys_, count_
      FROM gather(gone, body_, starts, records_at, counts, meta_of, metas, keys_, key_ends) g;
  END IF;
  IF coalesce(count_, 0) = 0 THEN
    time_ := h.time;
    RETURN;
  END IF;

  previous_ := h.hash;
  first_ := h.at + 1;
  last_ := h.at + count_;
  WHILE last_ >= h.partitions_to LOOP
    h.partitions_to := add_partition();
  END LOOP;
  header_ := lead || little8(first_) || substring(little8(count_) FROM 1 FOR 4)
          || little8(time_) || s.header || varint(length(body_)) || varint(length(body_));
  hash_ := sha256(h.hash || header_ || sha256(body_));
  INSERT INTO blocks VALUES (last_, first_, time_, token_, append_, h.hash, header_, hash_,
                             coalesce(keys_, '{}'), refused_, body_);
  UPDATE log_head SET at = last_, hash = hash_, time = time_;
  IF cardinality(keyed_id) > 0 THEN
    PERFORM note_keyed(gone, counts, keyed_id, keyed_commit, first_, time_);
  END IF;
END $$;

-- Keeps the keyed commits that passed, and lets some of those go that are older than a day.
CREATE FUNCTION note_keyed(gone boolean[], counts int[], keyed_id uuid[], keyed_commit int[],
                           first_ bigint, time_ bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  kept CONSTANT bigint := 86400000000;
BEGIN
  DELETE FROM keyed_commits WHERE id IN
    (SELECT o.id FROM keyed_commits o WHERE o.time + kept <= time_ ORDER BY o.time LIMIT 1000);
  INSERT INTO keyed_commits
  SELECT k.id, first_ + p.before, time_
  FROM (SELECT c.i, sum(c.count) OVER (ORDER BY c.i) - c.count AS before, c.count
        FROM unnest(counts) WITH ORDINALITY c(count, i)
        WHERE gone IS NULL OR NOT gone[c.i]) p
  JOIN unnest(keyed_id, keyed_commit) k(id, c) ON k.c + 1 = p.i AND p.count > 0
  ON CONFLICT (id) DO UPDATE SET first = excluded.first, time = excluded.time;
END $$;

-- Blocks after a position, oldest first, until so many bytes are reached; at least one.
-- Raises CL001 with the base as its message when they were dropped.
CREATE FUNCTION read_blocks(after bigint, bytes_max bigint)
RETURNS TABLE (last_ bigint, first_ bigint, bytes bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  total bigint := 0;
  size bigint;
  base bigint;
  b record;
BEGIN
  SELECT h.base_at INTO base FROM log_head h;
  IF after < base THEN
    RAISE EXCEPTION USING ERRCODE = 'CL001', MESSAGE = base::text;
  END IF;
  FOR b IN SELECT * FROM blocks x WHERE x.last > after ORDER BY x.last LOOP
    size := 64 + length(b.header) + length(b.body);
    EXIT WHEN total > 0 AND total + size > bytes_max;
    total := total + size;
    last_ := b.last;
    first_ := b.first;
    bytes := b.previous || b.header || b.body || b.hash;
    RETURN NEXT;
  END LOOP;
END $$;

-- Blocks from the end backwards, until so many bytes: what a restarted writer looks through.
CREATE FUNCTION read_tail(bytes_max bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  total bigint := 0;
  b record;
BEGIN
  FOR b IN SELECT x.first, length(x.body) AS size FROM blocks x ORDER BY x.last DESC LOOP
    total := total + b.size;
    IF total > bytes_max THEN
      RETURN b.first - 1;
    END IF;
  END LOOP;
  RETURN (SELECT base_at FROM log_head);
END $$;

-- The first position behind which the rows do not follow each other, or the head does not follow
-- them; none = all is well.
CREATE FUNCTION find_gap() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT min(x.at) FROM (
    SELECT lag(b.last, 1, h.base_at) OVER w AS at,
           b.first = lag(b.last, 1, h.base_at) OVER w + 1
             AND b.previous = lag(b.hash, 1, h.base_hash) OVER w AS good
    FROM blocks b, log_head h WINDOW w AS (ORDER BY b.last)
    UNION ALL
    SELECT coalesce(e.last, h.base_at),
           coalesce(e.last, h.base_at) = h.at AND coalesce(e.hash, h.base_hash) = h.hash
    FROM log_head h LEFT JOIN LATERAL
         (SELECT b.last, b.hash FROM blocks b ORDER BY b.last DESC LIMIT 1) e ON true
  ) x WHERE NOT x.good
$$;

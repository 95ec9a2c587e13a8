-- Sessions, blobs, snapshots, retention.

-- Opens a session. previous: the token that a restarted holder presents, or 0. A name held by a
-- live session is refused: token 0, and who holds it for how long.
CREATE FUNCTION session_open(node_ text, ttl_ bigint, previous bigint, nonce_ bigint,
                             header_ bytea, role_ text,
                             tasks_ text[], executors_ text[], labels_ text[], level_ int,
                             address_ text, OUT token_ bigint, OUT held_by bigint,
                             OUT held_until bigint, OUT time_ bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  known_nonce bigint;
BEGIN
  PERFORM FROM log_head FOR UPDATE;
  time_ := store_time();
  SELECT s.token, s.expires, s.nonce INTO held_by, held_until, known_nonce
    FROM sessions s WHERE s.node = node_;
  IF held_until > time_ AND held_by <> previous AND known_nonce <> nonce_ THEN
    token_ := 0;
    RETURN;
  END IF;
  UPDATE log_head SET token = token + 1 RETURNING token INTO token_;
  INSERT INTO sessions
  VALUES (node_, token_, nonce_, 0, ttl_, time_, time_ + ttl_, little8(token_) || header_,
          role_, tasks_, executors_, labels_, level_, address_)
  ON CONFLICT (node) DO UPDATE SET
    token = excluded.token, nonce = excluded.nonce, epoch = 0, ttl = excluded.ttl,
    opened = excluded.opened, expires = excluded.expires, header = excluded.header, role = excluded.role,
    tasks = excluded.tasks, executors = excluded.executors, labels = excluded.labels,
    level = excluded.level, address = excluded.address;
END $$;

-- Gives a live session its full time again; what has expired stays so: no row.
CREATE FUNCTION session_renew(token_ bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  time_ bigint;
BEGIN
  UPDATE sessions s SET expires = store_time() + s.ttl
    WHERE s.token = token_ AND s.expires > store_time() RETURNING s.expires - s.ttl INTO time_;
  RETURN coalesce(time_, 0);
END $$;

CREATE FUNCTION session_announce(token_ bigint, role_ text, tasks_ text[], executors_ text[],
                                 labels_ text[], level_ int, address_ text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE sessions SET role = role_, tasks = tasks_, executors = executors_, labels = labels_,
                      level = level_, address = address_
    WHERE token = token_ AND expires > store_time();
  RETURN FOUND;
END $$;

-- Ends a session, live or not, and forgets it.
CREATE FUNCTION session_close(token_ bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM FROM log_head FOR UPDATE;
  DELETE FROM sessions WHERE token = token_;
  RETURN FOUND;
END $$;

CREATE FUNCTION session_list()
RETURNS TABLE (time_ bigint, node_ text, token_ bigint, opened_ bigint, expires_ bigint,
               role_ text, tasks_ text[], executors_ text[], labels_ text[], level_ int,
               address_ text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT t.t, s.node, s.token, s.opened, s.expires, s.role, s.tasks, s.executors, s.labels,
         s.level, s.address
  FROM (SELECT store_time() AS t) t LEFT JOIN sessions s ON true ORDER BY s.node
$$;

CREATE FUNCTION put_blob(bytes_ bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS
$$ INSERT INTO blobs VALUES (sha256(bytes_), bytes_) ON CONFLICT DO NOTHING $$;

CREATE FUNCTION get_blob(digest_ bytea) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS
$$ SELECT bytes FROM blobs WHERE digest = digest_ $$;

-- Which of these chunks are there, and so need not be written.
CREATE FUNCTION snapshot_has(digests bytea[]) RETURNS SETOF bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS
$$ SELECT DISTINCT p.digest FROM snapshot_parts p WHERE p.digest = ANY (digests) AND p.part = 0 $$;

-- Part 0 is written last: a chunk is there when it is.
CREATE FUNCTION snapshot_put_part(digest_ bytea, part_ int, bytes_ bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  INSERT INTO snapshot_parts VALUES (digest_, part_, clock_timestamp(), bytes_)
  ON CONFLICT DO NOTHING
$$;

-- Makes the snapshot at `at_` the newest. Answers: 0 = it is, or a newer one was there; 1 = the
-- block that ends there has another hash, or none ends there; 2 = a chunk is missing.
CREATE FUNCTION snapshot_put(at_ bigint, hash_ bytea, bytes_ bytea, digests bytea[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  newest bigint;
BEGIN
  INSERT INTO snapshot_manifest VALUES (1, 0, '') ON CONFLICT DO NOTHING;
  SELECT m.at INTO newest FROM snapshot_manifest m FOR UPDATE;
  IF NOT EXISTS (SELECT FROM blocks b WHERE b.last = at_ AND b.hash = hash_)
     AND NOT EXISTS (SELECT FROM log_head h WHERE h.base_at = at_ AND h.base_hash = hash_) THEN
    RETURN 1;
  END IF;
  IF at_ < newest THEN
    RETURN 0;
  END IF;
  IF EXISTS (SELECT FROM unnest(digests) d(d) WHERE NOT EXISTS
             (SELECT FROM snapshot_parts p WHERE p.digest = d.d AND p.part = 0)) THEN
    RETURN 2;
  END IF;
  UPDATE snapshot_manifest SET at = at_, bytes = bytes_;
  -- Young parts may belong to a snapshot that is being written now.
  DELETE FROM snapshot_parts p WHERE p.digest <> ALL (digests)
    AND p.written < clock_timestamp() - interval '1 hour';
  RETURN 0;
END $$;

CREATE FUNCTION snapshot_manifest() RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS
$$ SELECT m.bytes FROM snapshot_manifest m WHERE m.at > 0 OR m.bytes <> '' $$;

CREATE FUNCTION snapshot_get_part(digest_ bytea, part_ int) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS
$$ SELECT p.bytes FROM snapshot_parts p WHERE p.digest = digest_ AND p.part = part_ $$;

-- Drops the blocks up to the end of one that a snapshot covers. Answers: 0 = done, 1 = no block
-- ends there, 2 = no snapshot covers it (then `newest` is the position of the newest).
CREATE FUNCTION drop_before(at_ bigint, OUT status_ int, OUT newest bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  b record;
  p record;
BEGIN
  PERFORM FROM log_head FOR UPDATE;
  SELECT m.at INTO newest FROM snapshot_manifest m;
  newest := coalesce(newest, 0);
  SELECT x.hash, x.time INTO b FROM blocks x WHERE x.last = at_;
  IF NOT FOUND THEN
    status_ := CASE WHEN at_ = (SELECT base_at FROM log_head) THEN 0 ELSE 1 END;
    RETURN;
  END IF;
  IF newest < at_ THEN
    status_ := 2;
    RETURN;
  END IF;
  UPDATE log_head SET base_at = at_, base_hash = b.hash, base_time = b.time;
  -- Partitions that end before it go whole; their names say where they begin.
  FOR p IN
    SELECT c.relname, lead(x.start) OVER (ORDER BY x.start) AS stop
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT substring(c.relname FROM 8)::bigint AS start) x
    WHERE i.inhparent = 'blocks'::regclass
  LOOP
    IF p.stop <= at_ + 1 THEN
      EXECUTE format('DROP TABLE %I', p.relname);
    END IF;
  END LOOP;
  DELETE FROM blocks x WHERE x.last <= at_;
  status_ := 0;
END $$;

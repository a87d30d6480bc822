--[[
  append: store one piece of a request, once.

  KEYS
    1 connection  BASE    every key of the connection starts with it
    2 shard       BASE    every key of the shard starts with it
  ARGV
    1 connectionId
    2 lane            one life of one intake
    3 sequence        with lane it names the piece
    4 lingerMs
    5 entriesMax
    6 pendingMax
    7 connectionsMax
    8 receipt         receipt ref, or '' for none
    9 receiptsMax
    10 receiptTtlMs
    11 last           1 = the request is complete with this piece
    12 rejected       entries of the request that were refused before
    13 duplicates     entries of the request that were duplicates of others in it
    14 dedupeMs       how long ids are remembered; 0 = no id follows
    15 idsMax
    16 roomFor         entries of the request that must find room: all with its first piece, 0 with later ones
    17 lastLine        of a stream: everything up to this line is decided with this piece; 0 = not a stream
    18 key             number of an Idempotency-Key, '' = none
    19 fingerprint     of what was sent with it
    20 owner           who stores the pieces of the request
    21 nth             which piece of the request this is, from 0; s = of a stream
    22 keyMs           how long keys are remembered
    23 keysMax
    24 rejectedList   JSON, one string each: how many follow, then they, then the groups: item, how many entries,
                      how many ids (0 or as many), entries, ids ('' = none)
  RETURNS {status, number, acceptedMs, wakeAtMs, duplicates, keptMs, receipt, pieces}
    appended              number entries are stored, duplicates are not; wakeAtMs 0 = nobody needs waking; keys are kept keptMs (-1 = it has none)
    again                 this piece is stored already; nothing changed
    replayed              the request is stored already under its key, number entries of it, with receipt; nothing changed
    resumed               pieces of the request are stored under its key, number entries, with receipt: the caller goes on
                          behind them, under that receipt; nothing of this piece is stored
    in-progress           the request is being stored under its key by somebody else for number ms yet; nothing changed
    key-reused            something else was sent under this key; nothing changed
    full                  the connection holds number entries and has no room for the request; nothing changed
    connection-missing    Graph said that there is no such connection, and nobody resumed it; nothing changed
    too-many-connections  the shard knows connectionsMax connections and this is none of them; nothing changed
  WHY ONE SCRIPT
    An answer that was lost is asked for again: the ring of answers and the entries must be one write. So must an entry
    and its id, and a request and its key: remembered without being stored it would be lost, stored without being
    remembered it would come twice.
]]
local base, shard, id, lane, sequence = KEYS[1], KEYS[2], ARGV[1], KEYS[2] .. 'lane:' .. ARGV[2], tonumber(ARGV[3])
local linger, cap, pending_max, connections_max = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local ref, receipts_max, ttl, last, rejected, first_listed = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11] == '1', tonumber(ARGV[12]), 24
local known_duplicates, window, ids_max, room = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
local last_line, key = tonumber(ARGV[17]), { id = ARGV[18], fingerprint = ARGV[19], owner = ARGV[20], nth = ARGV[21], window = tonumber(ARGV[22]), most = tonumber(ARGV[23]) }
local RING, LANE_MS = 4096, 86400000

local us, now = clock()
local old = redis.call('HGET', lane, sequence)
if old then
  local number, at, duplicates = string.match(old, '(%d+) (%d+) ?(%d*)')
  return { 'again', tonumber(number), tonumber(at), 0, tonumber(duplicates) or 0 }
end

local keys = key.id ~= '' and open_generations(shard, KEYED, key.window, now)
if keys then
  key.receipt = ref == '' and NO_RECEIPT or ref
  local decided = check_key(keys, key, now)
  if decided then return decided end
end
-- Reads: every key that will be written is touched before the first write.
local groups, total, duplicates, i = {}, 0, 0, first_listed + 1 + tonumber(ARGV[first_listed])
local ids = window > 0 and open_ids(shard, window, now)
while i < #ARGV do
  local n, named = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local entries = {}
  for j = i + 3, i + 2 + n do
    if named > 0 and ARGV[j + n] ~= '' and not is_new(ids, ARGV[j + n]) then duplicates = duplicates + 1
    else entries[#entries + 1] = ARGV[j] end
  end
  if #entries > 0 then
    groups[#groups + 1] = { item = ARGV[i], entries = entries, had = redis.call('LLEN', base .. 'i:' .. ARGV[i]) }
  end
  i, total = i + 3 + n + named, total + #entries
end
local m = redis.call('HMGET', base .. 'meta', 'pending', 'gate', 'paused', 'gone', 'tailed')
local pending = tonumber(m[1] or 0)
-- Decided with the first piece for all of them: a refused request leaves nothing behind.
if total > 0 and room > 0 and m[4] then return { 'connection-missing', pending, now, 0, 0 } end
if total > 0 and room > 0 and pending + room - duplicates > pending_max then return { 'full', pending, now, 0, 0 } end
if total > 0 and redis.call('SISMEMBER', shard .. 'connections', id) == 0 then
  if redis.call('SCARD', shard .. 'connections') >= connections_max then return { 'too-many-connections', pending, now, 0, 0 } end
  redis.call('SADD', shard .. 'connections', id)
end

local column, at = base36(now, 9), now + linger
for _, g in ipairs(groups) do
  for j, entry in ipairs(g.entries) do g.entries[j] = with_accepted(entry, column) end
  redis.call('RPUSH', base .. 'i:' .. g.item, unpack(g.entries))
  local fill = math.min(g.had + #g.entries, cap)
  if fill == cap then at = now end
  if g.had == 0 then order_item(base, g.item, now, fill)
  elseif g.had < cap then redis.call('ZADD', base .. 'best', head_of(redis.call('ZSCORE', base .. 'best', g.item)) - fill * FILL, g.item) end
end
if total > 0 then
  redis.call('HINCRBY', base .. 'meta', 'pending', total)
  redis.call('HINCRBY', base .. 'meta', 'appended', total)
end
if total > 0 and m[5] and tonumber(m[5]) > now then tell_accepted(base, groups, total, duplicates, ref, now) end
if ids then remember_new(ids, window, ids_max, now) end
if duplicates + known_duplicates > 0 then redis.call('HINCRBY', base .. 'meta', 'duplicates', duplicates + known_duplicates) end

if ref ~= '' then
  local found = { appended = total, duplicates = duplicates + known_duplicates, rejected = rejected, from = first_listed, last = last, line = last_line }
  open_receipt(shard, ref, id, found, now, ttl)
  bound_receipts(shard, receipts_max, sequence)
end
local kept = keys and remember_key(keys, key, total, last, now) or -1

local wake = 0
if total > 0 and not m[3] then wake = lower_promise(shard, id, at, tonumber(m[2] or 0)) end
redis.call('HSET', lane, sequence, string.format('%d %d %d', total, now, duplicates))
redis.call('PEXPIRE', lane, LANE_MS)
redis.call('HDEL', lane, sequence - RING)
return { 'appended', total, now, wake, duplicates, kept }

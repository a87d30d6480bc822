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
    17 rejectedList   JSON, one string each: how many follow, then they, then the groups: item, how many entries,
                      how many ids (0 or as many), entries, ids ('' = none)
  RETURNS {status, number, acceptedMs, wakeAtMs, duplicates}
    appended              number entries are stored, duplicates are not; wakeAtMs 0 = nobody needs waking
    again                 this piece is stored already; nothing changed
    full                  the connection holds number entries and has no room for the request; nothing changed
    too-many-connections  the shard knows connectionsMax connections and this is none of them; nothing changed
  WHY ONE SCRIPT
    An answer that was lost is asked for again: the ring of answers and the entries must be one write. So must an entry
    and its id: remembered without being stored it would be lost, stored without being remembered it would come twice.
]]
local base, shard, id, lane, sequence = KEYS[1], KEYS[2], ARGV[1], KEYS[2] .. 'lane:' .. ARGV[2], tonumber(ARGV[3])
local linger, cap, pending_max, connections_max = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local ref, receipts_max, ttl, last, rejected, first_listed = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11] == '1', tonumber(ARGV[12]), 17
local known_duplicates, window, ids_max, room = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
local RING, LANE_MS, LISTED_MAX = 4096, 86400000, 100

local us, now = clock()
local old = redis.call('HGET', lane, sequence)
if old then
  local number, at, duplicates = string.match(old, '(%d+) (%d+) ?(%d*)')
  return { 'again', tonumber(number), tonumber(at), 0, tonumber(duplicates) or 0 }
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
local m = redis.call('HMGET', base .. 'meta', 'pending', 'gate', 'paused')
local pending = tonumber(m[1] or 0)
-- Decided with the first piece for all of them: a refused request leaves nothing behind.
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
if ids then remember_new(ids, window, ids_max, now) end
if duplicates + known_duplicates > 0 then redis.call('HINCRBY', base .. 'meta', 'duplicates', duplicates + known_duplicates) end

if ref ~= '' then
  local key = shard .. 'r:' .. ref
  if redis.call('HSETNX', key, 'connection', id) == 1 then
    redis.call('HSET', key, 'at', now)
    redis.call('ZADD', shard .. 'receipts', now, ref)
  else redis.call('PERSIST', key) end
  local left = redis.call('HINCRBY', key, 'left', total)
  redis.call('HINCRBY', key, 'appended', total)
  if duplicates + known_duplicates > 0 then redis.call('HINCRBY', key, 'duplicates', duplicates + known_duplicates) end
  if rejected > 0 then
    redis.call('HINCRBY', key, 'rejected', rejected)
    local listed = tonumber(redis.call('HGET', key, 'listed') or 0)
    for j = 1, math.min(tonumber(ARGV[first_listed]), LISTED_MAX - listed) do
      local index = string.match(ARGV[first_listed + j], '%d+')
      redis.call('HSET', key, 'e:' .. index, ARGV[first_listed + j])
      redis.call('HINCRBY', key, 'listed', 1)
    end
  end
  if last then redis.call('HSET', key, 'complete', 1) end
  if left <= 0 then redis.call('PEXPIRE', key, ttl) end
  bound_receipts(shard, receipts_max, sequence)
end

local wake = 0
if total > 0 and not m[3] then wake = lower_promise(shard, id, at, tonumber(m[2] or 0)) end
redis.call('HSET', lane, sequence, string.format('%d %d %d', total, now, duplicates))
redis.call('PEXPIRE', lane, LANE_MS)
redis.call('HDEL', lane, sequence - RING)
return { 'appended', total, now, wake, duplicates }

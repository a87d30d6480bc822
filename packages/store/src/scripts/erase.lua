--[[
  erase: one step of a walk that takes a performer out of a connection; or the end of its mark.

  KEYS
    1 connection  BASE    every key of the connection starts with it
    2 shard       BASE    every key of the shard starts with it
  ARGV
    1 connectionId
    2 performer       as entries have it, folded
    3 action          walk, or end
    4 cursor          as this script answered it; '' = a walk begins
    5 lookedAtMax
    6 markMs          for how long the mark stands without another step
    7 marksMax
    8 deadLettersMax  below it a hold that began there ends
    9 entriesMax
    10 unknownPolicy  retry or park: what happens to the entries of an expired lease
    11 receiptTtlMs
  RETURNS {status, cursor, inFlight, pending, dead, parked, wakeAtMs}
    walked  cursor '' = the walk came to its end; inFlight counts theirs in the leases that were looked at; the others what was
            erased since the mark was set; wakeAtMs 0 = nobody needs waking
    lapsed  the mark is gone: nothing changed, a walk has to begin anew
    busy    marksMax others are marked; nothing changed
    ended   the mark is gone
  WHY ONE SCRIPT
    An entry that is looked at must not move, and its receipt and the counters must lose it with the list.
]]
local base, shard, id, performer, action, cursor = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local looked_at_max, mark_ms, marks_max, dead_max = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local cap, policy, ttl = tonumber(ARGV[9]), ARGV[10], tonumber(ARGV[11])

local us, now = clock()
local m = redis.call('HMGET', base .. 'meta', 'paused', 'block', 'gate', 'still', 'blockedSince', 'reason', 'erasing')
local digest, marks, standing = redis.sha1hex(performer), open_marks(base, m[7], now) or {}, 0
if action == 'end' then
  redis.call('HDEL', base .. 'erasing', digest)
  if redis.call('HLEN', base .. 'erasing') == 0 then redis.call('HDEL', base .. 'meta', 'erasing') end
  return { 'ended', '', 0, 0, 0, 0, '0' }
end
for _ in pairs(marks) do standing = standing + 1 end
if not marks[digest] then
  if cursor ~= '' then return { 'lapsed', '', 0, 0, 0, 0, '0' } end
  if standing >= marks_max then return { 'busy', '', 0, 0, 0, 0, '0' } end
end
local mark = marks[digest] or { pending = 0, dead = 0, parked = 0 }
mark.ends = now + mark_ms
if cursor == '' then reclaim(base, shard, cap, policy, now, ttl) end

local in_flight, kept = 0, nil
local function count_pending(theirs)
  if #theirs == 0 then return end
  local receipts = {}
  for _, entry in ipairs(theirs) do receipts[receipt_of(entry)] = (receipts[receipt_of(entry)] or 0) + 1 end
  for ref, n in pairs(receipts) do settle_receipt(shard, ref, { delivered = 0, dead = 0, parked = 0, erased = n }, ttl) end
  redis.call('HINCRBY', base .. 'meta', 'erasedPending', #theirs)
  redis.call('HINCRBY', base .. 'meta', 'pending', 0 - #theirs)
  mark.pending = mark.pending + #theirs
end
local whose = { performer = performer, count = count_pending, cap = cap }
local look = {
  lease = function(lease)
    local others, theirs = split_theirs(rest(redis.call('LRANGE', base .. 'l:' .. lease, 0, -1), 5), performer)
    in_flight = in_flight + #theirs
    return #others + #theirs
  end,
  later = function(group) return erase_delayed(base, 'later', group, whose) end,
  whole = function(group) return erase_delayed(base, 'whole', group, whose) end,
  age = function(item, from, most) return erase_waiting(base, item, from, most, whose) end,
}
for stream, field in pairs({ dead = 'erasedDead', parked = 'erasedParked' }) do
  look[stream] = function(read)
    local found, ids = {}, {}
    for _, raw in ipairs(read) do
      local e = read_ended(stream, raw)
      if performer_of(e.entry) == performer then found[#found + 1], ids[#ids + 1] = e, e.id end
    end
    if #found == 0 then return end
    return_to_receipts(receipts_of(shard, found), 'erased')
    redis.call('HINCRBY', base .. 'meta', field, #found)
    redis.call('HSET', base .. 'meta', stream .. 'Gaps', 1)
    redis.call('XDEL', base .. stream, unpack(ids))
    mark[stream] = mark[stream] + #found
    kept = redis.call('XLEN', base .. 'dead') + redis.call('XLEN', base .. 'parked')
  end
end

local at, budget, over = open_walk(cursor), looked_at_max, nil
while budget > 0 and at.place <= #WALK do
  local place = WALK[at.place]
  if place == 'dead' or place == 'parked' then budget, over = walk_ended(base, place, at, budget, look[place])
  else budget, over = walk_names(base .. place, at, budget, look[place]) end
  if over then at = { place = at.place + 1, scan = '-', from = 0, names = {} } end
end
write_mark(base, digest, mark)
redis.call('HSET', base .. 'meta', 'erasing', string.format('%.0f', mark.ends))
local wake = 0
if kept and kept < dead_max and m[2] == 'held' and m[6] == DEAD_LETTERS_FULL then
  end_block(base, m, now)
  redis.call('HDEL', base .. 'meta', 'gate')
  if not m[1] and tonumber(redis.call('HGET', base .. 'meta', 'pending') or 0) > 0 then wake = lower_promise(shard, id, now, 0) end
end
return { 'walked', walk_cursor(at), in_flight, mark.pending, mark.dead, mark.parked, string.format('%.0f', wake) }

--[[
  dead-letters: list, replay or discard dead letters and parked entries, a bounded number at a time.

  KEYS
    1 connection  BASE    every key of the connection starts with it
    2 shard       BASE    every key of the shard starts with it
  ARGV
    1 connectionId
    2 action          list, replay or discard
    3 lookedAtMax
    4 chosenMax       of those looked at by filter
    5 pendingMax
    6 deadLettersMax  below it a hold that began there ends
    7 entriesMax
    8 byIds           1 = the ids that follow; 0 = the filter, from the cursor on
    9 cursor          as this script answered it; '' = from the oldest
    10 state          dead, parked or '' = both, the dead first
    11 code           '' = any
    12 itemId         '' = any
    13 beforeMs       ended earlier; 0 = at any time
    14 ids            one each
  RETURNS {status, matched, done, cursor, wakeAtMs, entries}
    done    the chosen ones are listed, replayed or discarded; cursor '' = there are no more; wakeAtMs 0 = nobody needs waking
    full    the connection holds pendingMax entries: only `done` of them were replayed, and the cursor begins with the next
    entries is id, item, entry, reason, settledMs, ... of a list, else empty
  WHY ONE SCRIPT
    Between the item and the list of the dead nobody may look: an entry would be sent twice, or counted nowhere.
]]
local base, shard, id, action, looked_at_max, chosen_max = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local pending_max, dead_max, cap, by_ids, cursor = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8] == '1', ARGV[9]
local filter, first_id = { state = ARGV[10], code = ARGV[11], item = ARGV[12], before = tonumber(ARGV[13]) }, 14

local us, now = clock()
local found, next_cursor, last
if by_ids then
  local ids = {}
  for j = first_id, #ARGV do ids[#ids + 1] = ARGV[j] end
  found, next_cursor = find_ended_by_ids(base, ids), ''
else found, next_cursor, last = find_ended(base, cursor, filter, looked_at_max, chosen_max) end
if action == 'list' then
  local listed = {}
  for _, e in ipairs(found) do
    for _, value in ipairs({ e.stream .. '-' .. e.id, e.item, e.entry, e.reason, e.at }) do listed[#listed + 1] = value end
  end
  return { 'done', #found, 0, next_cursor, '0', listed }
end

local m = redis.call('HMGET', base .. 'meta', 'paused', 'block', 'gate', 'still', 'blockedSince', 'reason', 'pending')
local pending, gate = tonumber(m[7] or 0), tonumber(m[3] or 0)
local replay, room = action == 'replay', math.max(0, pending_max - pending)
local status, matched, chosen, gone, items, order = 'done', #found, found, { dead = {}, parked = {} }, {}, {}
if replay and #found > room then
  status, chosen = 'full', {}
  local left = found[room + 1]
  if not by_ids then matched, next_cursor = room, cursor_at(left.stream, left.after, last) end
  for j = 1, room do chosen[j] = found[j] end
end
for _, e in ipairs(chosen) do
  table.insert(gone[e.stream], e.id)
  if not items[e.item] then
    items[e.item], order[#order + 1] = {}, e.item
    redis.call('LLEN', base .. 'i:' .. e.item)
  end
  table.insert(items[e.item], never_tried(e.entry))
end
local receipts = receipts_of(shard, chosen)
local kept = redis.call('XLEN', base .. 'dead') + redis.call('XLEN', base .. 'parked') - #chosen

if replay and #chosen > 0 then
  for _, item in ipairs(order) do
    redis.call('RPUSH', base .. 'i:' .. item, unpack(items[item]))
    index_item(base, item, cap)
  end
  pending = redis.call('HINCRBY', base .. 'meta', 'pending', #chosen)
  redis.call('HINCRBY', base .. 'meta', 'replayed', #chosen)
elseif #chosen > 0 then
  redis.call('HINCRBY', base .. 'meta', 'discardedDead', #gone.dead)
  redis.call('HINCRBY', base .. 'meta', 'discardedParked', #gone.parked)
end
return_to_receipts(receipts, replay and 'left' or 'discarded')
local freed = #chosen > 0 and m[2] == 'held' and m[6] == DEAD_LETTERS_FULL and kept < dead_max
if freed then
  end_block(base, m, now)
  redis.call('HDEL', base .. 'meta', 'gate')
  gate = 0
end
local wake = 0
if (freed or (replay and #chosen > 0)) and pending > 0 and not m[1] then wake = lower_promise(shard, id, now, gate) end
for _, stream in ipairs({ 'dead', 'parked' }) do
  if #gone[stream] > 0 then
    redis.call('HSET', base .. 'meta', stream .. 'Gaps', 1)
    redis.call('XDEL', base .. stream, unpack(gone[stream]))
  end
end
return { status, matched, #chosen, next_cursor, string.format('%.0f', wake), {} }

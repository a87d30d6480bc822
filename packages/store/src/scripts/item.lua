--[[
  item: read where the entries of one item are: waiting, in calls, in retries; and its last call.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
    1 itemId
    2 entriesMax    of those waiting
    3 groupsMax     retry groups looked at, of each kind, those due first
  RETURNS {nowMs, waiting, entries, before, calls, retries, groups, last}
    before counts items that have waited longer, -1 = nothing of it waits; calls are lease, entries, end, ...;
    retries are entries, due, 1 = whole, ...; groups counts all of the connection;
    last is lease, at, 1 = stale, told; empty = no call of it is kept
]]
local base, item, entries_max, groups_max = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local LEASES_MAX = 1000

local us, now = clock()
local calls, retries, groups = {}, {}, 0
local leases = redis.call('ZRANGE', base .. 'lease', 0, LEASES_MAX - 1, 'WITHSCORES')
for j = 1, #leases, 2 do
  if redis.call('LINDEX', base .. 'l:' .. leases[j], 0) == item then
    for _, value in ipairs({ leases[j], redis.call('LLEN', base .. 'l:' .. leases[j]) - 4, leases[j + 1] }) do calls[#calls + 1] = value end
  end
end
for _, order in ipairs({ 'later', 'whole' }) do
  groups = groups + redis.call('ZCARD', base .. order)
  local due = redis.call('ZRANGE', base .. order, 0, groups_max - 1, 'WITHSCORES')
  for j = 1, #due, 2 do
    if redis.call('LINDEX', base .. 'g:' .. due[j], 0) == item then
      for _, value in ipairs({ redis.call('LLEN', base .. 'g:' .. due[j]) - 1, due[j + 1], order == 'whole' and 1 or 0 }) do retries[#retries + 1] = value end
    end
  end
end
-- The last call of all; or the last error, which is kept for longer than calls that were delivered.
local last = {}
for _, stream in ipairs({ 'calls', 'errors' }) do
  for _, raw in ipairs(#last == 0 and redis.call('XREVRANGE', base .. stream, '+', '-') or {}) do
    if #last == 0 and raw[2][4] == item then last = { raw[2][2], raw[2][6], raw[2][8], raw[2][10] } end
  end
end
local before = redis.call('ZRANK', base .. 'age', item)
return { now, redis.call('LLEN', base .. 'i:' .. item), redis.call('LRANGE', base .. 'i:' .. item, 0, entries_max - 1), before or -1, calls, retries, groups, last }

--[[
  items: read which items have most entries waiting, and which have waited longest.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
    1 itemsMax      of each fill, for the oldest
    2 lookedAtMax   of the fullest
  RETURNS {nowMs, items, fullest, oldest}
    items counts those with entries waiting; both lists are item, entries, accept time of its head, ...
]]
local base, items_max, looked_at_max = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])

local us, now = clock()
local function shown(best)
  local out = {}
  for j = 1, #best, 2 do
    out[#out + 1] = best[j]
    out[#out + 1] = redis.call('LLEN', base .. 'i:' .. best[j])
    out[#out + 1] = string.format('%.0f', head_of(best[j + 1]))
  end
  return out
end
-- The first of each fill are the oldest of it, and there are no more fills than entries in a call.
local oldest, from = {}, '-inf'
repeat
  local some = redis.call('ZRANGEBYSCORE', base .. 'best', from, '+inf', 'WITHSCORES', 'LIMIT', 0, items_max)
  local fill = some[2] and fill_of(some[2])
  for j = 1, #some, 2 do
    if fill_of(some[j + 1]) == fill then
      oldest[#oldest + 1] = some[j]
      oldest[#oldest + 1] = some[j + 1]
    end
  end
  if fill then from = string.format('%.0f', (1 - fill) * FILL) end
until not fill
local best = redis.call('ZRANGE', base .. 'best', 0, looked_at_max - 1, 'WITHSCORES')
return { now, redis.call('ZCARD', base .. 'best'), shown(best), shown(oldest) }

-- item-index: where an item stands in the two orders of its connection.
--   age   item -> since when it waits for a call: the accept time of its head, and after a call not earlier than `from`
--   best  item -> head - min(fill, cap) * FILL: fullest first, then oldest. Exact in a double: 20 * 2^42 + 2^41 < 2^53.
local FILL = 4398046511104
local function fill_of(best) return math.floor(-best / FILL) + 1 end
local function head_of(best) return best + fill_of(best) * FILL end
local function order_item(base, item, head, fill, from)
  redis.call('ZADD', base .. 'age', math.max(head, from or 0), item)
  redis.call('ZADD', base .. 'best', head - fill * FILL, item)
end
local function index_item(base, item, cap, from)
  local n = redis.call('LLEN', base .. 'i:' .. item)
  if n == 0 then
    redis.call('ZREM', base .. 'age', item)
    redis.call('ZREM', base .. 'best', item)
  else
    order_item(base, item, accepted_of(redis.call('LINDEX', base .. 'i:' .. item, 0)), math.min(n, cap), from)
  end
end
-- Entries go back to the head of their item, in their order.
local function give_back(base, item, entries, cap)
  for j = #entries, 1, -1 do redis.call('LPUSH', base .. 'i:' .. item, entries[j]) end
  index_item(base, item, cap)
end
-- The accept time of the oldest head: the first of each fill, of which there are no more than entries in a call.
local function oldest_head(base)
  local oldest, from = math.huge, '-inf'
  repeat
    local best = redis.call('ZRANGEBYSCORE', base .. 'best', from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
    if best then oldest, from = math.min(oldest, head_of(best)), string.format('%.0f', (1 - fill_of(best)) * FILL) end
  until not best
  return oldest
end

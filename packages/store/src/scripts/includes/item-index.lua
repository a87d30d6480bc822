-- item-index: where an item stands in the two orders of its connection.
--   age   item -> accept time of its head
--   best  item -> head - min(fill, cap) * FILL: fullest first, then oldest. Exact in a double: 20 * 2^42 + 2^41 < 2^53.
local FILL = 4398046511104
local function order_item(base, item, head, fill)
  redis.call('ZADD', base .. 'age', head, item)
  redis.call('ZADD', base .. 'best', head - fill * FILL, item)
end
local function index_item(base, item, cap)
  local n = redis.call('LLEN', base .. 'i:' .. item)
  if n == 0 then
    redis.call('ZREM', base .. 'age', item)
    redis.call('ZREM', base .. 'best', item)
  else
    order_item(base, item, accepted_of(redis.call('LINDEX', base .. 'i:' .. item, 0)), math.min(n, cap))
  end
end
-- Entries go back to the head of their item, in their order.
local function give_back(base, item, entries, cap)
  for j = #entries, 1, -1 do redis.call('LPUSH', base .. 'i:' .. item, entries[j]) end
  index_item(base, item, cap)
end

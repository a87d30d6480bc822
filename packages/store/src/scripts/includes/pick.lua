-- pick: which item is worth the next call most, and which of its entries go.
local BEST_LOOKED_AT, READS_MAX, PROBED_MAX = 8, 3, 64
-- Answers item, why, group (only of 'whole'); or nothing when no item is ready.
local function pick_item(base, cap, now, linger, bound, turn, probe)
  local oldest = redis.call('ZRANGE', base .. 'age', 0, 0, 'WITHSCORES')
  local function urgent()
    local whole = redis.call('ZRANGEBYSCORE', base .. 'whole', '-inf', now, 'LIMIT', 0, 1)[1]
    if whole then return redis.call('LINDEX', base .. 'g:' .. whole, 0), 'whole', whole end
    if oldest[1] and tonumber(oldest[2]) < now - bound then return oldest[1], 'bound' end
  end
  local function ready()
    local best = redis.call('ZRANGE', base .. 'best', 0, BEST_LOOKED_AT - 1, 'WITHSCORES')
    for j = 1, #best, 2 do
      if fill_of(best[j + 1]) >= cap or head_of(best[j + 1]) <= now - linger then return best[j], 'best' end
    end
    if oldest[1] and tonumber(oldest[2]) <= now - linger then return oldest[1], 'oldest' end
  end
  if probe and oldest[1] then
    -- Another item for each probe: one that is refused must not keep the connection stopped.
    local nth = probe % math.min(redis.call('ZCARD', base .. 'age'), PROBED_MAX)
    local item = redis.call('ZRANGE', base .. 'age', nth, nth, 'WITHSCORES')
    if tonumber(item[2]) <= now - linger then return item[1], 'oldest', nil, oldest end
  end
  local first, second = urgent, ready
  if turn then first, second = ready, urgent end
  local item, why, group = first()
  if not item then item, why, group = second() end
  return item, why, group, oldest
end
-- Up to `most` entries from the head, no two with the same pair; those keep their place at the head. Expired ones are told apart.
local function pick_entries(base, item, most, ending, now)
  local key, taken, passed, expired, seen, from = base .. 'i:' .. item, {}, {}, {}, {}, 0
  for _ = 1, READS_MAX do
    local read = redis.call('LRANGE', key, from, from + most - #taken - 1)
    for _, entry in ipairs(read) do
      local pair = pair_of(entry)
      if is_expired(entry, ending, now) then expired[#expired + 1] = entry
      elseif seen[pair] then passed[#passed + 1] = entry else seen[pair] = true taken[#taken + 1] = entry end
    end
    from = from + #read
    if #taken == most or #read == 0 then break end
  end
  return taken, passed, expired
end
-- Removes what was picked; the lease already holds it, so an error here could repeat an entry but not lose one.
-- An item whose head stays over the age bound joins the end of those over it: neither a hot item nor one with many equal
-- pairs keeps the turn of the bound for itself.
local function remove_picked(base, item, gone, passed, cap, over)
  local key, scanned = base .. 'i:' .. item, gone.taken + gone.expired + #passed
  for j = 1, #passed do redis.call('LSET', key, scanned - #passed + j - 1, passed[j]) end
  redis.call('LTRIM', key, gone.taken + gone.expired, -1)
  -- Equal pairs that had to stay behind: the item is worth what its last call could carry, not its length.
  index_item(base, item, #passed > 0 and math.min(cap, gone.taken) or cap, over)
end

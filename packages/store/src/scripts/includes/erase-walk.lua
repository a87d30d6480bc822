-- erase-walk: looks for the entries of one performer, place by place. Leases are looked at first, and items last: what leaves a
-- retry group or the dead letters meanwhile goes to an item. A scan of a sorted set meets every member that stays in it.
local WALK, SCANNED_AT_ONCE, GONE, NEAR = { 'lease', 'later', 'whole', 'dead', 'parked', 'age' }, 100, '', 20000
-- A cursor is the place, where its scan goes on ('-' = at its beginning), how far from the tail the last of the names was looked
-- at, and names of the scan that were not.
local function open_walk(cursor)
  if cursor == '' then return { place = 1, scan = '-', from = 0, names = {} } end
  local place, scan, from, names = string.match(cursor, '^(%d)/([%d-]+)/(%d+)/(.*)$')
  local at = { place = tonumber(place), scan = scan, from = tonumber(from), names = {} }
  for name in string.gmatch(names, '%S+') do table.insert(at.names, name) end
  return at
end
local function walk_cursor(at)
  return at.place > #WALK and '' or table.concat({ at.place, at.scan, at.from, table.concat(at.names, ' ') }, '/')
end
-- Answers how much of the budget is left, and whether the set was looked through. look: how many entries it looked at, and how
-- far from the tail it has to go on; nil = it has not.
local function walk_names(key, at, budget, look)
  while budget > 0 do
    if #at.names == 0 then
      if at.scan == '0' then return budget, true end
      local scanned = redis.call('ZSCAN', key, at.scan == '-' and '0' or at.scan, 'COUNT', SCANNED_AT_ONCE)
      at.scan, budget = scanned[1], budget - 1
      for j = 1, #scanned[2], 2 do table.insert(at.names, scanned[2][j]) end
    else
      local name = at.names[#at.names]
      local looked, from = look(name, at.from, budget)
      at.from, budget = from or 0, budget - 1 - looked
      if not from then table.remove(at.names) end
    end
  end
  return budget, false
end
local function walk_ended(base, stream, at, budget, look)
  local read = redis.call('XRANGE', base .. stream, at.scan == '-' and '-' or '(' .. at.scan, '+', 'COUNT', budget)
  if #read > 0 then
    look(read)
    at.scan = read[#read][1]
  end
  return budget - 1 - #read, #read < budget
end
local function split_theirs(entries, performer)
  local kept, theirs = {}, {}
  for _, entry in ipairs(entries) do table.insert(performer_of(entry) == performer and theirs or kept, entry) end
  return kept, theirs
end
-- Takes entries out of the middle of a list. Redis looks for them from one end of it, which is too far in a very long one: there
-- the holes are filled with the entries at its tail, which were looked at before; an item promises no order.
local function take_out(key, read, first, n, theirs, performer)
  local after, before, fill = n - first - #read, first, nil
  if after > NEAR and before > NEAR then fill = redis.call('LRANGE', key, 0 - #theirs, -1) end
  local nth = 0
  for j, entry in ipairs(read) do
    if performer_of(entry) == performer then
      nth = nth + 1
      redis.call('LSET', key, first + j - 1, fill and fill[nth] or GONE)
    end
  end
  if fill then redis.call('LTRIM', key, 0, n - #theirs - 1)
  else redis.call('LREM', key, before < after and #theirs or 0 - #theirs, GONE) end
end
-- From the tail on, because takes shorten an item at its head. whose.count is told of what is theirs before it goes.
local function erase_waiting(base, item, from, most, whose)
  local key = base .. 'i:' .. item
  local n = redis.call('LLEN', key)
  local count = math.min(most, n - from)
  if count <= 0 then return 0 end
  local first = n - from - count
  local read = redis.call('LRANGE', key, first, first + count - 1)
  local kept, theirs = split_theirs(read, whose.performer)
  whose.count(theirs)
  if #theirs == n then redis.call('DEL', key)
  elseif #theirs > 0 and count == n then
    redis.call('RPUSH', key, unpack(kept))
    redis.call('LTRIM', key, n, -1)
  elseif #theirs > 0 then take_out(key, read, first, n, theirs, whose.performer) end
  if #theirs > 0 then index_item(base, item, whose.cap) end
  return count, first > 0 and from + #kept or nil
end
local function erase_delayed(base, set, group, whose)
  local key = base .. 'g:' .. group
  local list = redis.call('LRANGE', key, 0, -1)
  local kept, theirs = split_theirs(rest(list, 2), whose.performer)
  if #theirs == 0 then return #kept end
  whose.count(theirs)
  redis.call('HINCRBY', base .. 'meta', 'delayed', 0 - #theirs)
  if #kept > 0 then
    redis.call('RPUSH', key, list[1], unpack(kept))
    redis.call('LTRIM', key, #list, -1)
  else
    redis.call('ZREM', base .. set, group)
    redis.call('DEL', key)
  end
  return #list - 1
end

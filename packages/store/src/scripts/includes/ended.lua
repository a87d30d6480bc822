-- ended: finds entries in the streams of dead letters and parked entries, and takes back what their end wrote.
-- A cursor says where to go on and where the streams ended when the run began: stream/after/last dead/last parked.
local function cursor_at(stream, after, last) return table.concat({ stream, after, last.dead, last.parked }, '/') end
local function open_cursor(base, cursor)
  if cursor ~= '' then
    local stream, after, dead, parked = string.match(cursor, '^(%a+)/([%d-]+)/([%d-]+)/([%d-]+)$')
    return stream, after, { dead = dead, parked = parked }
  end
  local last = {}
  for _, stream in ipairs({ 'dead', 'parked' }) do
    local newest = redis.call('XREVRANGE', base .. stream, '+', '-', 'COUNT', 1)[1]
    last[stream] = newest and newest[1] or '0-0'
  end
  return 'dead', '0-0', last
end
-- A stream entry is item, entry, reason, at, each after its name. `after` is the id before it.
local function read_ended(stream, raw, after)
  local f = raw[2]
  return { stream = stream, id = raw[1], item = f[2], entry = f[4], reason = f[6], at = f[8], after = after }
end
-- Answers at most chosen_max that pass the filter among at most `most`, the cursor after them ('' = there are no more), and
-- where the streams ended.
local function find_ended(base, cursor, filter, most, chosen_max)
  local stream, after, last = open_cursor(base, cursor)
  local found, looked, at, from = {}, 0, nil, nil
  for _, s in ipairs({ 'dead', 'parked' }) do
    if (filter.state == '' or filter.state == s) and not (s == 'dead' and stream == 'parked') and looked < most then
      from = s == stream and after or '0-0'
      for _, raw in ipairs(redis.call('XRANGE', base .. s, '(' .. from, last[s], 'COUNT', most - looked)) do
        local e = read_ended(s, raw, from)
        from, looked, at = e.id, looked + 1, s
        if (filter.item == '' or e.item == filter.item) and (filter.before == 0 or tonumber(e.at) < filter.before)
          and (filter.code == '' or cjson.decode(e.reason).code == filter.code) then found[#found + 1] = e end
        if #found == chosen_max then return found, cursor_at(s, from, last), last end
      end
    end
  end
  return found, looked == most and at and cursor_at(at, from, last) or '', last
end
local function find_ended_by_ids(base, ids)
  local found, seen = {}, {}
  for _, id in ipairs(ids) do
    local stream, at = string.match(id, '^(%a+)%-(%d+%-%d+)$')
    local raw = not seen[id] and redis.call('XRANGE', base .. stream, at, at)[1]
    seen[id] = true
    if raw then found[#found + 1] = read_ended(stream, raw) end
  end
  return found
end
-- The receipts of entries, as far as they are still there: how many of each, and the fields that name them.
local function receipts_of(shard, entries)
  local receipts = {}
  for _, e in ipairs(entries) do
    local ref = receipt_of(e.entry)
    local key = shard .. 'r:' .. ref
    if receipts[ref] == nil then receipts[ref] = redis.call('EXISTS', key) == 1 and { key = key, dead = 0, parked = 0, names = {} } end
    local r = receipts[ref]
    if r then
      r[e.stream] = r[e.stream] + 1
      table.insert(r.names, 'e:' .. index_of(e.entry))
    end
  end
  return receipts
end
-- What ended is pending again (left) or gone (discarded, erased): its receipt counts it there and no longer lists it.
local function return_to_receipts(receipts, field)
  for _, r in pairs(receipts) do
    if r then
      redis.call('HINCRBY', r.key, 'listed', 0 - redis.call('HDEL', r.key, unpack(r.names)))
      redis.call('HINCRBY', r.key, 'dead', 0 - r.dead)
      redis.call('HINCRBY', r.key, 'parked', 0 - r.parked)
      redis.call('HINCRBY', r.key, field, r.dead + r.parked)
      if field == 'left' then redis.call('PERSIST', r.key) end
    end
  end
end

-- remembered: the ids of entries that were stored lately, in sets of sorted integers: 8 bytes an id, and a key for some hundred
-- of them. No set comes near the 512 up to which Redis keeps it so.
--   idsForgotten   string   the last id that was forgotten before its window was over came then
local IDS = { index = 'ids', bucket = 'id:', per = 170, note = 'idsForgotten' }
function IDS.split(from, to, is_moved)
  local moved = {}
  for _, id in ipairs(redis.call('SMEMBERS', from)) do
    if is_moved(id) then moved[#moved + 1] = id end
  end
  if #moved == 0 then return end
  redis.call('SREM', from, unpack(moved))
  redis.call('SADD', to, unpack(moved))
end
local function open_ids(shard, window, now)
  local ids = open_generations(shard, IDS, window, now)
  ids.new, ids.seen = {}, {}
  return ids
end
-- Whether an id is seen for the first time; if so it is one of those to be remembered.
local function is_new(ids, id)
  if ids.seen[id] then return false end
  for j = #ids.live, 1, -1 do
    local gen = ids.live[j]
    if redis.call('SISMEMBER', bucket_key(ids, gen, bucket_of(gen, id)), id) == 1 then return false end
  end
  ids.seen[id] = true
  ids.new[#ids.new + 1] = id
  return true
end
-- Remembers what was new.
local function remember_new(ids, window, most, now)
  if #ids.new == 0 then return end
  local gen, buckets = newest_generation(ids, window, most, now), {}
  local before = grow_generation(ids, gen, #ids.new)
  for _, id in ipairs(ids.new) do
    local bucket = bucket_of(gen, id)
    buckets[bucket] = buckets[bucket] or {}
    table.insert(buckets[bucket], id)
  end
  for bucket, list in pairs(buckets) do redis.call('SADD', bucket_key(ids, gen, bucket), unpack(list)) end
  close_generation(ids, gen, before, window, most, now)
end

--[[
  connections: read the counts of some connections as of one moment.

  KEYS
    1 connections  BASE   every key of a connection starts with it, the connection's id and a colon
  ARGV
    1 fields        of a connection's counters, separated by spaces; pending, dead and parked come first
    2 bucketFields  of its bucket, separated by spaces
    3 ids           connections, at most 100, one argument each
  RETURNS {nowMs, {counters, bucket, oldestMs, leased, deadLetters, parked, leases}, ...}
    counters and bucket are the values of the fields; oldestMs 0 = nothing is waiting or leased; leased
    counts entries; of a connection that never had an entry every counter is missing
  WHY ONE SCRIPT
    A console reads a thousand of them every second or so: a command for each costs more than what it reads. When many
    calls are in flight the first of those asked for are answered, and the caller asks for the rest: nobody waits for long.
]]
local root, field_names, bucket_names, ids = KEYS[1], ARGV[1], ARGV[2], ARGV

local LOOKED_AT_MAX = 500
local us, now = clock()
local function words_of(text)
  local words = {}
  for word in string.gmatch(text, '%S+') do words[#words + 1] = word end
  return words
end
local fields, bucket_fields = words_of(field_names), words_of(bucket_names)

-- What is waiting, in calls, or in retries: the accept time of the oldest, and how many are in how many calls.
local function waiting_of(base)
  local leases, leased, oldest = redis.call('ZRANGE', base .. 'lease', 0, 99), 0, oldest_head(base)
  for _, lease in ipairs(leases) do
    for _, entry in ipairs(redis.call('LRANGE', base .. 'l:' .. lease, 4, -1)) do
      leased, oldest = leased + 1, math.min(oldest, accepted_of(entry))
    end
  end
  for _, order in ipairs({ 'later', 'whole' }) do
    for _, group in ipairs(redis.call('ZRANGE', base .. order, 0, 99)) do
      oldest = math.min(oldest, accepted_of(redis.call('LINDEX', base .. 'g:' .. group, 1)))
    end
  end
  return oldest == math.huge and 0 or oldest, leased, #leases < 100 and #leases or redis.call('ZCARD', base .. 'lease')
end

local function view_of(base)
  local counters = redis.call('HMGET', base .. 'meta', unpack(fields))
  local oldest, leased, leases = 0, 0, 0
  -- Most connections of many have nothing pending most of the time: then nothing of all this is there.
  if tonumber(counters[1] or 0) > 0 then oldest, leased, leases = waiting_of(base) end
  local function kept_in(stream, ever) return tonumber(ever or 0) > 0 and redis.call('XLEN', base .. stream) or 0 end
  local dead, parked = kept_in('dead', counters[2]), kept_in('parked', counters[3])
  local bucket = redis.call('HMGET', base .. 'q', unpack(bucket_fields))
  return { counters, bucket, string.format('%.0f', oldest), leased, dead, parked, leases }
end

local views = { now }
local looked_at = 0
for n = 3, #ids do
  local view = view_of(root .. ids[n] .. ':')
  views[#views + 1], looked_at = view, looked_at + view[4]
  if looked_at >= LOOKED_AT_MAX then break end
end
return views

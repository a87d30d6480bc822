--[[
  charge: take a request and its activities out of a caller's two buckets: both, or neither.

  KEYS
    1 buckets   HASH    r, a: what is left of requests and activities; at: when that was, microseconds
  ARGV
    1 requests
    2 activities
    3 requestsPerSecond    0: no limit
    4 activitiesPerSecond  0: no limit
  RETURNS {status, retryAfterMs}
    granted     both were charged
    refused     neither was; the same charge is granted after retryAfterMs, if nobody else comes before
  WHY ONE SCRIPT
    Two intakes that read, decide and write would both grant the last of a bucket.
]]
local buckets, requests, activities, request_rate, activity_rate = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local us = clock()
local was = redis.call('HMGET', buckets, 'r', 'a', 'at')
-- A clock that was set back gives nothing and takes nothing.
local seconds = math.max(0, us - (tonumber(was[3]) or us)) / 1000000

-- What is left after a charge, how long until it could be granted, and how long until the bucket is full again; in seconds.
local function charge(left, rate, count)
  if rate == 0 then return 0, 0, 0 end
  -- A second's worth, and never less than one: else a slow rate would let nothing pass.
  local size = math.max(rate, 1)
  left = math.min(size, (tonumber(left) or size) + rate * seconds)
  -- More than the bucket holds is granted when it is full, and paid for by those who come after.
  local missing = math.min(count, size) - left
  if count > 0 and missing > 0 then return left, missing / rate, (size - left) / rate end
  return left - count, 0, (size - left + count) / rate
end

local requests_left, wait_requests, full_requests = charge(was[1], request_rate, requests)
local activities_left, wait_activities, full_activities = charge(was[2], activity_rate, activities)
local wait = math.max(wait_requests, wait_activities)
if wait > 0 then
  -- Neither: what the other one gave is put back.
  if wait_requests == 0 then requests_left = requests_left + requests end
  if wait_activities == 0 then activities_left = activities_left + activities end
end
redis.call('HSET', buckets, 'r', string.format('%.6f', requests_left), 'a', string.format('%.6f', activities_left), 'at', string.format('%.0f', us))
redis.call('PEXPIRE', buckets, math.ceil(math.max(full_requests, full_activities) * 1000) + 1000)
if wait > 0 then return { 'refused', math.ceil(wait * 1000) } end
return { 'granted', 0 }

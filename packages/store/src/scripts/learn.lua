--[[
  learn: write what the controller decided, if nobody was faster.

  KEYS
    1 owner       BASE    every key of the connection or tenant starts with it
  ARGV
    1 kind           connection or tenant; a tenant has no awake clock
    2 version        of the bucket the decision was made from
    3 memory         the controller's own state
    4 intervalUs
    5 learnAtMs
    6 closedUntilMs  prolongs the closure when later; never shortens it
    7 latenessUs     how late a call may be and still be made up for
  RETURNS {status}
    learned  written; the window starts anew
    late     another worker was first, or the connection was forgotten since; nothing changed
]]
local base, kind, version, memory, interval, learn_at, closed_until, lateness = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]

local us, now = clock()
if tonumber(redis.call('HGET', base .. 'q', 'version') or 0) ~= version then return { 'late' } end
local b = read_bucket(base)
-- There is a bucket from the first take on: without one what it learned from is gone.
if not b.known then return { 'late' } end
b.still = kind == 'connection'
close_until(base, b, closed_until, now)
local since = math.max(now, b.closed)
redis.call('HSET', base .. 'q', 'version', version + 1, 'memory', memory, 'interval', interval, 'lateness', lateness, 'learnAt', learn_at,
  'since', string.format('%.0f', since), 'tat', string.format('%.0f', math.max(b.tat, b.closed * 1000)), 'granted', 0, 'accepted', 0, 'idle', 0)
redis.call('HDEL', base .. 'q', 'refusedAt', 'refusedAfter')
return { 'learned' }

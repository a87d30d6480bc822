-- clock: Redis's own time, the only clock of the store. Microseconds and milliseconds since 1970.
local function clock()
  local t = redis.call('TIME')
  local us = t[1] * 1000000 + t[2]
  return us, math.floor(us / 1000)
end

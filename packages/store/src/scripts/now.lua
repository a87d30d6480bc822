--[[
  now: what time it is where the shard lives. A script and not TIME, because on a cluster every server has a clock of its own.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
  RETURNS nowMs
]]
local _ = KEYS[1]

local us, now = clock()
return string.format('%.0f', now)

-- awake: the connection's awake clock. It stands still while paused, held, with an open breaker, or closed.
local function awake_ms(now, still, blocked_since, closed)
  return (blocked_since or now) - still + math.max(0, closed - now)
end

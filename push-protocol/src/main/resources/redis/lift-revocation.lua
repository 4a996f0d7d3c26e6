-- Lifts a revocation.
--
-- KEYS  1 the hash: of the user, or of the token
-- ARGV  1 field of the hash
-- Returns 1 where there was one, 0 otherwise.

local removed = redis.pcall('HDEL', KEYS[1], ARGV[1])
if type(removed) == 'table' then
	-- It cannot be read, and refuses.
	return redis.call('UNLINK', KEYS[1])
end
return removed

-- Gives users up, each only where the field still names that connection, so a late release never removes a newer claim.
--
-- KEYS  1 presence
-- ARGV  triples: user, connection, generation ("" when it is not known)
-- Returns the number of fields removed.

local removed = 0
for i = 1, #ARGV, 3 do
	local value = redis.call('HGET', KEYS[1], ARGV[i])
	if value then
		local owner = owner_parse(value)
		if owner.connection == ARGV[i + 1] and (ARGV[i + 2] == '' or ARGV[i + 2] == owner.generation) then
			removed = removed + redis.call('HDEL', KEYS[1], ARGV[i])
		end
	end
end
return removed

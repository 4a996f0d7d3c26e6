-- Shared preamble, behind that of kicks: how an owner ends.

-- Ends `victim`, into whose place `owner` comes, as succeed() found.
-- By a takeover the victim is notified, and a tombstone answers every further claim of its client; but none where that is the
-- winner's own. Otherwise it ends silently.
local function displace(prefix, channels, user, victim, owner, verdict, tombstone_ms)
	if victim.client ~= owner.client then
		tombstone_put(prefix, user, victim.client, owner.generation, tombstone_ms)
	end
	kick(channels, victim, owner.generation, verdict == 'takeover' and 'takeover' or '-', '0')
end

-- Shared preamble, behind that of ids: whether presence may lack fields.

-- For so long after a data loss a user without an owner may have a stream all the same: its field went with what was lost,
-- and the renewal that writes it back is still to come. Longer than a lease, for no stream is written to without one.
local UNCERTAIN_MS = 60000

-- Whether the presence hash may lack fields that it should have. `loss_floor` may be nil.
local function presence_uncertain(loss_floor, now)
	local ms = loss_floor and id_parts(loss_floor)
	return not ms or now - ms < UNCERTAIN_MS
end

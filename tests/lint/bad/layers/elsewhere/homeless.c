// In no room.

package crush

// undefined marks a position that indep has not settled yet. It never leaves the mapper.
const undefined ItemID = 0x7ffffffe

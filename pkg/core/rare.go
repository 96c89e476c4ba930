package core

// Rare counts states that are seldom reached, by name, so that whoever searches with a simulation knows what it has
// seen. nil, as in every daemon, counts nothing.
type Rare func(state string)

// Sometimes says that a state was reached.
func (r Rare) Sometimes(state string) {
	if r != nil {
		r(state)
	}
}

package store

// Page counts what a listing has gathered, and says when it is enough.
type Page struct {
	left  int
	bytes int
}

// NewPage is a page of at most max items; 0 or less: of as many as a page may have.
func NewPage(max int) Page {
	if max <= 0 || max > MaxPage {
		max = MaxPage
	}
	return Page{left: max}
}

// Full reports whether no more belongs on the page.
func (p *Page) Full() bool { return p.left == 0 || p.bytes >= MaxPageBytes }

// Add counts an item of so many bytes.
func (p *Page) Add(bytes int) {
	p.left--
	p.bytes += bytes
}

package chaos

import "errors"

// openLab is the target lab of a run.
func openLab(Options) (Target, error) { return nil, errors.ErrUnsupported }

package container

// State describes the container id.
func (r *Runtime) State(id string) (Status, error) {
	dir, err := r.Store.Open(id)
	if err != nil {
		return Status{}, err
	}
	defer dir.Close()
	rec, err := dir.Load()
	if err != nil {
		return Status{}, err
	}
	s := statusOf(rec, status(rec, dir))
	s.addWatched(rec, dir)
	return s, nil
}

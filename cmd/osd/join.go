package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"zeph/pkg/client"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/store/disk"
)

// join sees to it that the OSD has a number and, with --mkfs, a store: so that one command starts an OSD that is
// new, and the same one later starts it again.
func (s *settings) join(ctx context.Context, stderr io.Writer) error {
	s.adopt(stderr)
	had, err := disk.ReadSuper(s.Data)
	switch {
	case err == nil:
		if s.id < 0 {
			s.id = int32(had.OSD)
		}
		return nil
	case !errors.Is(err, disk.ErrNoStore):
		return err
	case !s.make:
		return fmt.Errorf("%w: zeph-osd mkfs makes one, and so does run --mkfs", err)
	}
	if err := s.number(ctx, stderr); err != nil {
		return err
	}
	id, err := s.mkfs()
	if err == nil {
		s.Logger(stderr).Info("store made", "osd", int32(id.OSD), "store", id.Store.String(), "folder", s.Data)
	}
	return err
}

// number asks the monitors for a number if nobody named one.
func (s *settings) number(ctx context.Context, stderr io.Writer) error {
	if s.id >= 0 {
		return nil
	}
	cluster, err := s.ReadCluster()
	if err != nil {
		return err
	}
	transport, err := s.Transport()
	if err != nil {
		return err
	}
	s.Logger(stderr).Info("asking the monitors for an id", "cluster", s.Cluster)
	c, err := client.Connect(ctx, client.Config{Cluster: cluster, Transport: transport, Name: "osd-new"})
	if err != nil {
		return fmt.Errorf("ask the monitors for an id: %w", err)
	}
	defer c.Close()
	answer, err := c.MonCommand(ctx, "osd new", nil)
	if err != nil {
		return fmt.Errorf("ask the monitors for an id: %w", err)
	}
	var given status.OSDNew
	if err := json.Unmarshal(answer.JSON, &given); err != nil || given.ID < 0 || given.ID >= osdmap.MaxOSDs {
		return fmt.Errorf("ask the monitors for an id: the answer %.60q makes no sense", answer.JSON)
	}
	s.id = int32(given.ID)
	return nil
}

// adopt makes, where --adopt asks for it and there is no store in the folder, one the folder's that lies beside it
// and that nobody serves: that of a container which is no more. The store, not the folder's name, is the OSD.
func (s *settings) adopt(stderr io.Writer) {
	if _, err := disk.ReadSuper(s.Data); !s.adopts || !errors.Is(err, disk.ErrNoStore) {
		return
	}
	beside, _ := filepath.Glob(filepath.Join(filepath.Dir(s.Data), "*", "super"))
	for _, super := range beside {
		dir := filepath.Dir(super)
		id, err := disk.ReadSuper(dir)
		if err != nil || s.id >= 0 && int32(id.OSD) != s.id || disk.Move(dir, s.Data) != nil {
			continue
		}
		s.Logger(stderr).Info("took over a store that nobody served", "osd", int32(id.OSD), "from", dir)
		return
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// maxMapFile bounds what we read: no map is larger, whatever a file claims.
const maxMapFile = 1 << 28

// readCrush reads a CRUSH map in any form from a file, "-" for stdin. Warnings go to stderr.
func (a *app) readCrush(path string) (*crush.Map, error) {
	src, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	m, warnings, err := crush.Read(src)
	if err != nil {
		return nil, mixedUp(src, "max_osd", "this looks like an osdmap: give it as --osdmap", inFile(path, atLine(src, err)))
	}
	a.warnAbout(path, warnings)
	return m, nil
}

// mixedUp adds advice to an error about JSON that has a key of another kind of file.
func mixedUp(src []byte, key, advice string, err error) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(src, &fields) == nil && fields[key] != nil {
		return next(err, "%s", advice)
	}
	return err
}

// readOSDMap reads what "ceph osd dump -f json" prints, and the CRUSH map that it lacks.
func (a *app) readOSDMap(osdmapPath, crushPath string) (*osdmap.Map, error) {
	if osdmapPath == "-" && crushPath == "-" {
		return nil, errors.New("the osdmap and the crush map cannot both come from stdin")
	}
	crushMap, err := a.readCrush(crushPath)
	if err != nil {
		return nil, err
	}
	src, err := a.readFile(osdmapPath)
	if err != nil {
		return nil, err
	}
	m, warnings, err := osdmap.ParseDump(src, crushMap)
	if err != nil {
		return nil, mixedUp(src, "buckets", "this looks like a CRUSH map: give it as --crush", inFile(osdmapPath, atLine(src, err)))
	}
	a.warnAbout(osdmapPath, warnings)
	return m, nil
}

func (a *app) readFile(path string) ([]byte, error) {
	in := a.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, inFile(path, pathCause(err))
		}
		defer f.Close()
		in = f
	}
	src, err := io.ReadAll(io.LimitReader(in, maxMapFile+1))
	if err != nil {
		return nil, inFile(path, pathCause(err))
	}
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, inFile(path, errors.New("is empty"))
	}
	if len(src) > maxMapFile {
		return nil, inFile(path, fmt.Errorf("is larger than %d MiB", maxMapFile>>20))
	}
	return src, nil
}

func (a *app) warnAbout(path string, warnings []string) {
	for _, w := range warnings {
		a.warn("%s: %s", display(path), w)
	}
}

// inFile says which file an error is about; a place in it the way editors take it.
func inFile(path string, err error) error {
	var syntax *crush.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%s:%d:%d: %s", display(path), syntax.Line, syntax.Col, syntax.Msg)
	}
	return fmt.Errorf("%s: %w", display(path), err)
}

// atLine says where in a text JSON stops making sense.
func atLine(src []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset > int64(len(src)) {
		return err
	}
	before := src[:max(0, syntax.Offset-1)]
	line := bytes.Count(before, []byte("\n"))
	col := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return &crush.SyntaxError{Line: line + 1, Col: col + 1, Msg: err.Error()}
}

func display(path string) string {
	if path == "-" {
		return "stdin"
	}
	return path
}

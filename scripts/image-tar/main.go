// Command image-tar writes the container image as a file that docker load and podman load read, without a container
// engine:
//
//	make image-tar                          dist/zeph-image.tar
//	docker load -i dist/zeph-image.tar
//
// The image is that of the Dockerfile's target local; a test holds the two together.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// user is who the processes are, and whose the folders are that volumes take their owner from.
const user = 65532

func main() {
	from := flag.String("binaries", "dist/image", "`folder` with zeph, zeph-mon and zeph-osd")
	to := flag.String("o", "dist/zeph-image.tar", "`file` to write")
	name := flag.String("name", "zeph:latest", "`name` of the image")
	version := flag.String("version", "latest", "its `version`, a label")
	revision := flag.String("revision", "unknown", "the `commit` that it was built from, a label")
	flag.Parse()
	if err := run(*from, *to, *name, *version, *revision); err != nil {
		fmt.Fprintln(os.Stderr, "image-tar:", err)
		os.Exit(1)
	}
}

func run(from, to, name, version, revision string) error {
	layer, err := layer(from)
	if err != nil {
		return err
	}
	config, err := config(layer, version, revision)
	if err != nil {
		return err
	}
	image, err := archive(name, layer, config)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, image, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %s, %.1f MB\n", to, name, float64(len(image))/1e6)
	return nil
}

// layer is the image's file system. The same binaries give the same bytes.
func layer(from string) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, dir := range []string{"cluster/", "data/"} {
		if err := w.WriteHeader(&tar.Header{Name: dir, Mode: 0o755, Uid: user, Gid: user, Typeflag: tar.TypeDir}); err != nil {
			return nil, err
		}
	}
	for _, program := range []string{"zeph", "zeph-mon", "zeph-osd"} {
		text, err := os.ReadFile(filepath.Join(from, program))
		if err != nil {
			return nil, fmt.Errorf("%w: make image-binaries builds it", err)
		}
		if err := put(w, "usr/bin/"+program, 0o755, text); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), w.Close()
}

func put(w *tar.Writer, name string, mode int64, text []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err := w.Write(text)
	return err
}

// config is the image's configuration, as the OCI image specification has it.
func config(layer []byte, version, revision string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": time.Unix(0, 0).UTC(),
		"config": map[string]any{
			"User": fmt.Sprintf("%d:%d", user, user),
			"Env":  []string{"PATH=/usr/bin", "ZEPH_CLUSTER=/cluster/zeph.yaml"},
			"Labels": map[string]string{
				"org.opencontainers.image.title":       "zeph",
				"org.opencontainers.image.description": "A small Ceph over ZeroMQ",
				"org.opencontainers.image.licenses":    "Apache-2.0",
				"org.opencontainers.image.version":     version,
				"org.opencontainers.image.revision":    revision,
			},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + sum(layer)}},
	})
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// archive is what docker save writes: a list of images, and the files that it names.
func archive(name string, layer, config []byte) ([]byte, error) {
	layerName, configName := sum(layer)+"/layer.tar", sum(config)+".json"
	list, err := json.Marshal([]map[string]any{{"Config": configName, "RepoTags": []string{name}, "Layers": []string{layerName}}})
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range []struct {
		name string
		text []byte
	}{{layerName, layer}, {configName, config}, {"manifest.json", list}} {
		if err := put(w, f.name, 0o644, f.text); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), w.Close()
}

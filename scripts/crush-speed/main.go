//go:build unix

// Command crush-speed measures mappings per CPU second, Zeph's and those of Ceph's
// crushtool, in one run, on the same maps and inputs. Neither prints mappings; both count
// what each device gets. User CPU time, crushtool's start-up subtracted, median of rounds
// in which the two take turns.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"zeph/pkg/crush"
)

func main() {
	inputs := flag.Int("inputs", 200_000, "inputs to map in each round")
	rounds := flag.Int("rounds", 5, "rounds")
	flag.Parse()
	if err := run(*inputs, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "crush-speed:", err)
		os.Exit(1)
	}
}

func run(inputs, rounds int) error {
	tool, err := exec.LookPath("crushtool")
	if err != nil {
		return fmt.Errorf("%w (Debian has it in package ceph-base)", err)
	}
	dir, err := os.MkdirTemp("", "crush-speed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("| map | devices | crushtool, million/s | Zeph, million/s | ratio |")
	fmt.Println("|---|---|---|---|---|")
	for _, g := range []grid{
		{"10 in one bucket", 1, 1, 10},
		{"3 racks × 4 hosts × 5", 3, 4, 5},
		{"5 racks × 20 hosts × 10", 5, 20, 10},
		{"1 root × 100 hosts × 10", 1, 100, 10},
		{"25 racks × 20 hosts × 20", 25, 20, 20},
	} {
		if err := measure(tool, dir, g, inputs, rounds); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}

// grid is a cluster of racks × hosts × disks; three replicas over hosts, where there are any.
type grid struct {
	name                string
	racks, hosts, disks int
}

func (g grid) text() string {
	s := "tunable choose_local_tries 0\ntunable choose_local_fallback_tries 0\ntunable choose_total_tries 50\n" +
		"tunable chooseleaf_descend_once 1\ntunable chooseleaf_vary_r 1\ntunable chooseleaf_stable 1\ntunable straw_calc_version 1\n"
	n := g.racks * g.hosts * g.disks
	for i := range n {
		s += fmt.Sprintf("device %d osd.%d\n", i, i)
	}
	s += "type 0 osd\ntype 1 host\ntype 2 rack\ntype 3 root\n"
	osd, racks := 0, ""
	for r := range g.racks {
		hosts := ""
		for h := range g.hosts {
			s += fmt.Sprintf("host r%dh%d {\n alg straw2\n hash 0\n", r, h)
			for range g.disks {
				s += fmt.Sprintf(" item osd.%d weight %d.%d\n", osd, 1+osd%7, osd%10)
				osd++
			}
			s += "}\n"
			hosts += fmt.Sprintf(" item r%dh%d\n", r, h)
		}
		s += fmt.Sprintf("rack r%d {\n alg straw2\n hash 0\n%s}\n", r, hosts)
		racks += fmt.Sprintf(" item r%d\n", r)
	}
	choose := "chooseleaf firstn 0 type host"
	root := "default"
	switch {
	case g.racks*g.hosts == 1:
		root, choose = "r0h0", "choose firstn 0 type osd"
	case g.racks == 1:
		root = "r0"
	}
	s += "root default {\n alg straw2\n hash 0\n" + racks + "}\n"
	return s + "rule r {\n id 0\n type replicated\n min_size 1\n max_size 10\n step take " + root + "\n step " + choose + "\n step emit\n}\n"
}

func measure(tool, dir string, g grid, inputs, rounds int) error {
	text := filepath.Join(dir, "map.txt")
	compiled := filepath.Join(dir, "map")
	if err := os.WriteFile(text, []byte(g.text()), 0o600); err != nil {
		return err
	}
	if out, err := exec.Command(tool, "-c", text, "-o", compiled).CombinedOutput(); err != nil {
		return fmt.Errorf("crushtool -c: %w: %s", err, out)
	}
	m, _, err := crush.ParseText([]byte(g.text()))
	if err != nil {
		return err
	}
	mapper, err := crush.NewMapper(m)
	if err != nil {
		return err
	}
	var theirs, ours []float64
	for range rounds {
		all, err := toolTime(tool, compiled, inputs)
		if err != nil {
			return err
		}
		start, err := toolTime(tool, compiled, 1)
		if err != nil {
			return err
		}
		theirs = append(theirs, float64(inputs)/(all-start).Seconds()/1e6)
		ours = append(ours, float64(inputs)/ourTime(m, mapper, inputs).Seconds()/1e6)
	}
	slices.Sort(theirs)
	slices.Sort(ours)
	a, b := theirs[rounds/2], ours[rounds/2]
	fmt.Printf("| %s | %d | %.3f | %.3f | %.2f |\n", g.name, len(m.Devices), a, b, b/a)
	return nil
}

func toolTime(tool, compiled string, inputs int) (time.Duration, error) {
	cmd := exec.Command(tool, "-i", compiled, "--test", "--rule", "0", "--num-rep", "3",
		"--min-x", "0", "--max-x", strconv.Itoa(inputs-1), "--show-utilization")
	if err := cmd.Run(); err != nil {
		return 0, err
	}
	return cmd.ProcessState.UserTime(), nil
}

func ourTime(m *crush.Map, mapper *crush.Mapper, inputs int) time.Duration {
	weights := make([]crush.Weight, m.MaxDevices())
	for i := range weights {
		weights[i] = crush.One
	}
	per := make([]int, len(weights))
	var s crush.Scratch
	var dst []crush.ItemID
	before := userTime()
	for x := range inputs {
		dst = mapper.Map(dst[:0], &s, crush.Query{X: uint32(x), Count: 3, Reweight: weights})
		for _, id := range dst {
			per[id]++
		}
	}
	return userTime() - before
}

func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}

package record

import (
	"sync"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// pool keeps empty buffers and histograms for the next interval.
type pool struct {
	mu         sync.Mutex // guards all below
	buffers    []*buffer
	fine, lags []*hdr.Histogram
}

func (p *pool) buffer() *buffer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.buffers); n > 0 {
		b := p.buffers[n-1]
		p.buffers = p.buffers[:n-1]
		return b
	}
	return new(buffer)
}

func (p *pool) histogram(q Quantity) *hdr.Histogram {
	p.mu.Lock()
	defer p.mu.Unlock()
	free, figures := &p.fine, results.Figures
	if q.coarse() {
		free, figures = &p.lags, results.LagFigures
	}
	if n := len(*free); n > 0 {
		h := (*free)[n-1]
		*free = (*free)[:n-1]
		return h
	}
	return results.NewHistogram(figures)
}

// giveBack empties a buffer and keeps it, its histograms and its parts.
func (p *pool) giveBack(b *buffer) {
	for i, part := range b.parts {
		if part != nil {
			p.giveBack(part)
			b.parts[i] = nil
		}
	}
	for _, h := range b.histograms {
		if h != nil {
			h.Reset()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for q, h := range b.histograms {
		switch {
		case h == nil:
		case Quantity(q).coarse():
			p.lags = append(p.lags, h)
		default:
			p.fine = append(p.fine, h)
		}
	}
	*b = buffer{parts: b.parts[:0]}
	p.buffers = append(p.buffers, b)
}

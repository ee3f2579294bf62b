#!/usr/bin/env python3
"""Writes models/training/golden/ffgaf_block.json: one FFGAF training step computed by PyTorch's autograd.

    z = conv(n, W); zh = batch norm of z; u = kappa (w zh + b); n' = clip(floor(u + 1/2), 0, L), straight through inside
    [.., L); F = mean over a region of n'^2 / regions; logits = alpha 2/kappa^2 classes/channels A F; loss = cross-entropy.

Needs torch. Run from the project folder: python3 scripts/golden_training.py
"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(3)
torch.set_num_threads(1)
N, SIZE, IN, STRIDE, GRID = 18, 8, 8, 2, 2
GROUPS = [5, 8, 11]
ALPHA, KAPPA, LEVELS = 2.0, 2.0, 8
OUT, CLASSES = sum(GROUPS), len(GROUPS)

x = torch.poisson(torch.full((N, IN, SIZE, SIZE), 1.2)).clamp(0, LEVELS)
labels = torch.randint(0, CLASSES, (N,))
weight = (torch.randn(OUT, IN, 3, 3) * (2 / (9 * IN)) ** 0.5).requires_grad_()
cw = (1 + 0.2 * torch.randn(OUT)).requires_grad_()
cb = (0.2 * torch.randn(OUT)).requires_grad_()
a = torch.zeros(CLASSES, GRID * GRID, OUT)
start = 0
for j, s in enumerate(GROUPS):
    a[j, :, start:start + s] = OUT / CLASSES / s
    start += s
a = (a + 0.1 * torch.randn_like(a)).requires_grad_()

d = torch.float64
z = F.conv2d(x.to(d), weight.to(d), stride=STRIDE, padding=1)
mu, var = z.mean((0, 2, 3), keepdim=True), z.var((0, 2, 3), unbiased=False, keepdim=True)
zh = (z - mu) / torch.sqrt(var + 1e-5)
u = KAPPA * (cw.to(d).view(1, -1, 1, 1) * zh + cb.to(d).view(1, -1, 1, 1))
n = torch.clamp(torch.floor(u + 0.5), 0, LEVELS).detach()
inside = ((u < LEVELS) & (n > 0)).to(d).detach()
st = n + (u - u.detach()) * inside
h = z.shape[-1]
q = h // GRID
regions = st.pow(2).view(N, OUT, GRID, q, GRID, q).sum((3, 5)).view(N, OUT, GRID * GRID).transpose(1, 2) / (h * h)
logits = ALPHA * 2 / KAPPA ** 2 * CLASSES / OUT * torch.einsum("jrc,nrc->nj", a.to(d), regions)
loss = F.cross_entropy(logits, labels)
loss.backward()

flat = lambda t: [float(f"{v:.7g}") for v in t.detach().flatten().tolist()]
ints = lambda t: [int(v) for v in t.flatten().tolist()]
out = dict(
    size=SIZE, in_channels=IN, stride=STRIDE, groups=GROUPS, grid=GRID, alpha=ALPHA, kappa=KAPPA, levels=LEVELS,
    labels=ints(labels), input=ints(x), weight=flat(weight), channel_weight=flat(cw), channel_bias=flat(cb), readout=flat(a),
    loss=float(loss), counts=ints(n), weight_gradient=flat(weight.grad), channel_weight_gradient=flat(cw.grad),
    channel_bias_gradient=flat(cb.grad), readout_gradient=flat(a.grad),
)
with open("models/training/golden/ffgaf_block.json", "w") as f:
    json.dump(out, f)
    f.write("\n")

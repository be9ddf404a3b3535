# `make bench`: ours against the peers, in one run, in the same machines.
HELP += 'bench        measure against the peers; BENCH_ONLY="--only sizes …" for a part'

BENCH := $(O)/bench
PEER := $(BENCH)/peer
BENCH_ONLY ?=

.PHONY: bench
bench: iso $(O)/landfall $(O)/tests/pull $(O)/tests/wire $(NET_DAEMONS) \
		$(BENCH)/delta.stamp $(BENCH)/dracut.img $(BENCH)/pipeline.iso
	/usr/bin/python3 tests/bench/bench.py --build=$(O) --ref=$(IMAGE_REFS)/standard \
		--version='$(VERSION)' $(BENCH_ONLY)

$(BENCH)/peer.tar: tests/bench/peer-packages.txt image/bootstrap image/package-list
	$(call say,DEBIAN,$@)$(IMAGE_ENV) image/bootstrap $(SUITE) $(ARCH) peer $< $@

$(BENCH)/peer.stamp: $(BENCH)/peer.tar $(IMG)/kernel.stamp
	$(call say,UNPACK,$(PEER))rm -rf $(PEER) && mkdir -p $(PEER) && tar -C $(PEER) \
		--no-same-owner --exclude='./dev/*' -xf $< && mkdir -p $(PEER)/usr/lib/modules && \
		cp -a $(KERNEL_TREE)/* $(PEER)/usr/lib/modules/ && touch $@

# Dracut's own choice of programs, with exactly the kernel modules of our initramfs.
$(BENCH)/dracut.img: $(BENCH)/peer.stamp $(IMG)/modules.stamp tests/bench/initqueue.conf
	$(call say,DRACUT,$@)install -D -m 0644 tests/bench/initqueue.conf \
		$(PEER)/etc/systemd/system/dracut-initqueue.service.d/bench.conf && \
		image/namespace image/chroot $(PEER) dracut --force --quiet --no-hostonly --drivers \
		"$$(find $(STAGE)/lib/modules -name '*.ko*' -printf '%f\n' | sed 's/\.ko.*//' | tr '\n' ' ')" \
		--include /etc/systemd/system/dracut-initqueue.service.d \
		/etc/systemd/system/dracut-initqueue.service.d /var/tmp/dracut.img \
		"$$(ls $(KERNEL_TREE))" && cp $(PEER)/var/tmp/dracut.img $@

$(BENCH)/pipeline.img: tests/bench/pipeline.list tests/bench/pipeline.sh $(BENCH)/peer.stamp \
		$(IMG)/initramfs.img $(O)/landfall-mkinitramfs
	$(call say,INITRD,$@)$(O)/landfall-mkinitramfs write --sysroot=$(PEER) \
		--triplet=$(ARCH_TRIPLET) --list=$< --from=bench=tests/bench \
		--manifest=$(IMG)/manifest.json --mtime=$(IMAGE_EPOCH) --output=$(BENCH)/tools.img && \
		cat $(IMG)/initramfs.img $(BENCH)/tools.img >$@

# The same medium, but for what the kernel starts.
$(BENCH)/pipeline.iso: $(BENCH)/pipeline.img $(IMG)/full.iso
	$(call say,ISO,$@)rm -f $@ && xorriso -report_about WARNING -indev $(IMG)/full.iso -outdev $@ \
		-boot_image any replay -map $< /boot/initramfs.img

# The image as a static delta from nothing, as an owner offers it to new machines.
$(BENCH)/delta.stamp: $(IMG)/repo.stamp
	$(call say,DELTA,$(BENCH)/delta)rm -rf $(BENCH)/delta && mkdir -p $(BENCH)/delta && \
		ostree --repo=$(BENCH)/delta init --mode=archive && \
		ostree --repo=$(BENCH)/delta config set core.fsync false && \
		ostree --repo=$(BENCH)/delta pull-local $(IMG)/repo $(IMAGE_REFS)/standard >/dev/null && \
		ostree --repo=$(BENCH)/delta static-delta generate --empty \
			--to=$(IMAGE_REFS)/standard >/dev/null && \
		ostree --repo=$(BENCH)/delta summary --update && touch $@

"""A training that is cut off once so many checkpoints were written, as by a kill."""


def stop_after(checkpoint, saves, stop):
    """Have a checkpoint raise ``stop`` when it has been written so many times."""
    save, left = checkpoint.save, [saves]

    def save_and_stop(state):
        save(state)
        left[0] -= 1
        if not left[0]:
            raise stop

    checkpoint.save = save_and_stop

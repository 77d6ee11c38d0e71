"""What any training on torch must remember beside its weights: optimizer, scaler, dice."""

from typing import Any


def remember(torch: Any, optimizer: Any, scaler: Any) -> dict[str, Any]:
    """The state of all three, for a checkpoint."""
    return {
        "optimizer": optimizer.state_dict(),
        "scaler": scaler.state_dict(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def recall(torch: Any, optimizer: Any, scaler: Any, state: dict[str, Any]) -> None:
    """Put all three back to what `remember` gave, which may stand among other things."""
    optimizer.load_state_dict(state["optimizer"])
    if state["scaler"]:
        scaler.load_state_dict(state["scaler"])
    torch.set_rng_state(state["random"])
    if torch.cuda.is_available() and state["random_cuda"]:
        torch.cuda.set_rng_state_all(state["random_cuda"])

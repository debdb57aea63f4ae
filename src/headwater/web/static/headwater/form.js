// What a form says as it would be sent: whether it says something else by now is seen by comparing two of these.
export const says = (form) => new URLSearchParams(new FormData(form)).toString();

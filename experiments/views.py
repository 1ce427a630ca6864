"""`/variant/<token>/`: a tester's link. Opening it changes nothing; the button does."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from experiments import forcing
from grump.accounts.guests import ensure_guest


@require_http_methods(["GET", "POST"])
@never_cache
def forced_variant(request: HttpRequest, token: str) -> HttpResponse:
    try:
        offer = forcing.offered(token)
        if request.method == "POST":
            user = ensure_guest(request)
            if "leave" in request.POST:
                forcing.leave(offer, user)
            else:
                forcing.take(offer, user)
            return redirect("chat")
    except forcing.BadLink:
        raise Http404 from None
    return render(request, "experiments/variant.html", {"offer": offer})

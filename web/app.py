"""The application factory: settings, then each blueprint, then what guards them all."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_bootstrap import Bootstrap5
from flask_smorest import Api
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from support.errors import InputError
from support.workspace import Workspace

from . import (
    account_page,
    api,
    api_events,
    api_export,
    api_faqs,
    api_imports,
    api_inquiries,
    api_listings,
    api_metrics,
    api_moderation,
    api_page,
    api_search,
    api_similar,
    api_stored,
    api_suggestions,
    appeals_page,
    archive_page,
    attachments,
    audit_page,
    auth,
    batches_page,
    categories_page,
    connection_form_page,  # noqa: F401 - its views are of the same blueprint
    connections_page,
    costly,
    database,
    deliveries_page,
    embed,
    errors,
    faq_import_page,
    faq_picker,
    faults,
    gaps_page,
    groups_page,
    health,
    holding_page,
    i18n,
    imports_page,
    inbox,
    jobs_page,
    join_page,
    limits,
    listings_page,
    logs,
    map_export,  # noqa: F401 - its views are of the same blueprint
    map_page,
    mend_page,
    metrics,
    models_page,
    moderation_figures_page,
    moderation_listing,
    origins,
    people_page,
    policy_page,
    preferences,
    replays_page,
    reply_import_page,
    review_tasks,
    search,
    sellers_page,
    settings_page,
    shedding,
    sidebar_page,
    sidebar_setup,
    similar_page,
    tokens_page,
    tuner_page,
    webhooks,
    week_page,
)
from .cookies import Cookies
from .csp import CSP, may_be_framed

HSTS = "max-age=31536000"  # seconds: a year
MAX_BODY = 2 << 20  # bytes; an answer is text
API = (
    *(api, api_suggestions, api_search, api_events, api_faqs, api_metrics, api_imports),
    *(api_inquiries, api_export),
    *(api_listings, api_stored, api_similar, api_moderation),
)


def refuse_debug(on: bool) -> None:
    """Refuse Flask's debug mode, at any address.

    Raises:
        InputError: it is on.
    """
    if on:
        raise InputError(
            "The desk is not run in debug mode: its debugger runs code for whoever reaches it. "
            "Unset FLASK_DEBUG, and do not pass --debug."
        )


def create_app(workspace: Workspace | None = None, **config: Any) -> Flask:
    """Make the console over a workspace (default: as the environment names it).

    Raises:
        WorkspaceError: there is no desk there.
        InputError: it is asked to run in debug mode.
    """
    workspace = workspace or Workspace.locate()
    app = Flask(__name__, static_folder=str(Path(__file__).parent / "static"))
    app.config.update(
        SECRET_KEY=workspace.seal().session_secret,
        SESSION_COOKIE_NAME="faqdesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=7),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a draft may stay open all day
        WTF_CSRF_SSL_STRICT=False,  # from where it comes `origins` tells, and not by the Referer
        BOOTSTRAP_SERVE_LOCAL=True,
        API_TITLE="faqdesk",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.config.update(config)
    refuse_debug(app.debug)
    if n := int(app.config.get("PROXIES", 0)):  # so many before us say who asks, and how
        proxied = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    app.session_interface = Cookies()
    database.init_app(app, workspace)
    logs.init_app(app)
    metrics.init_app(app)
    shedding.init_app(app)  # before anything asks the database
    origins.init_app(app)
    limits.init_app(app)
    i18n.init_app(app)
    auth.init_app(app)
    costly.init_app(app)  # before the guard against forged forms reads the body
    Bootstrap5(app)
    csrf = CSRFProtect(app)
    for module in (
        *(api_page, health, auth, preferences, inbox, faq_picker, search),
        *(models_page, replays_page, jobs_page),
        *(listings_page, review_tasks, batches_page, categories_page),
        *(moderation_listing, appeals_page, sellers_page),
        *(tuner_page, week_page),
        *(holding_page, archive_page),
        *(policy_page, moderation_figures_page),
        *(similar_page, groups_page),
        *(gaps_page, map_page),
        *(account_page,),
        *(faq_import_page, mend_page, reply_import_page),
        *(people_page,),
        *(join_page,),
        *(settings_page,),
        *(imports_page,),
        *(audit_page,),
        *(webhooks, connections_page, deliveries_page, attachments),
        *(embed, sidebar_page, sidebar_setup, metrics),
        *(tokens_page,),
    ):
        app.register_blueprint(module.bp)
    rest = Api(app)
    # The API's own one, to which each of these adds its views.
    for views in {module.bp for module in API}:
        rest.register_blueprint(views)
    # These know no cookie: a token cannot be sent by a foreign page.
    csrf.exempt(api.bp)
    csrf.exempt(embed.bp)
    csrf.exempt(webhooks.bp)  # who knocks there signs
    errors.init_app(app)  # after flask-smorest, whose own answers are not problem+json
    faults.init_app(app)

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if not may_be_framed(response.headers["Content-Security-Policy"]):
            response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if request.is_secure:  # a name that was asked over https once is never asked in the clear
            response.headers["Strict-Transport-Security"] = HSTS
        if request.endpoint not in ("static", "bootstrap.static"):
            response.vary.add("Cookie")
        if not response.cache_control.max_age:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app
